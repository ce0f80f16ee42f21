// MV6 over the end of a process: one that writes states and events in the same commits is killed with SIGKILL, again and
// again, beside another that is, too.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { describeWithPostgres } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';

const script = fileURLToPath(new URL('./recorded-changes-program.ts', import.meta.url));

/** Runs the process until it is killed, in the middle of what follows the given number of rounds. @returns How many it made. */
async function runUntilKilled(what: string, where: string, killAfter: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, what, where], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  let rounds = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    if (++rounds === killAfter) setTimeout(() => child.kill('SIGKILL'), Math.random() * 20);
  }
  if (!child.killed) throw new Error(complaint);
  return rounds;
}

async function check(what: string, where: string, versions: VersionStore, adapter: EventAdapter) {
  let rounds = 0;
  for (const killAfter of [1, 3, 8]) {
    const two = await Promise.all([runUntilKilled(what, where, killAfter), runUntilKilled(what, where, killAfter + 2)]);
    rounds += two[0] + two[1];
  }
  const mvcc = new MVCCController<number>({ store: versions });
  const log = new EventStore({ adapter });
  for (const id of ['counter', 'left', 'right', 'flag']) {
    const expected: unknown[] = [];
    for await (const { version, state } of mvcc.history(id)) {
      expected.push(state === undefined ? { version } : { version, state });
    }
    expect(expected.length).toBeGreaterThanOrEqual(id === 'flag' ? 1 : rounds);
    expect((await log.read(id).toArray()).map(({ data }) => data)).toEqual(expected);
  }
  expect((await mvcc.readVersion('left'))?.version).toBe((await mvcc.readVersion('right'))?.version);
}

describe('states and their events in an SQLite file', () => {
  const { file, db } = sharedFile('recorded');

  it('MV6 are never one without the other, whenever the process is killed', async () => {
    await check('sqlite', file, new SqliteVersionStore(db()), new SqliteEventAdapter(db()));
  });
});

describeWithPostgres('states and their events in PostgreSQL', () => {
  const { schema, pool } = sharedSchema('recorded_killed', 4);

  it('MV6 are never one without the other, whenever the process is killed', async () => {
    await check(
      'postgres',
      schema,
      new PostgreSQLVersionStore(pool(), { schema }),
      new PostgreSQLEventAdapter(pool(), { schema }),
    );
  });
});
