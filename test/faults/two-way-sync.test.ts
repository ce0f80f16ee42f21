// SY2 and SY3 over the end of a process: one that edits both sides and syncs them is killed with SIGKILL, again and again.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { describeWithPostgres } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';
import { pairIds, syncedPair } from './synced-pair.ts';

const script = fileURLToPath(new URL('./two-way-sync-program.ts', import.meta.url));

/** The last that is known of each field, by side, id and field: whether it is there, unless an edit was under way. */
type Fields = Map<string, boolean | undefined>;

/** Runs the process until it has made its edits, or is killed soon after so many. Adds what it did to the fields. */
async function live(what: string, where: string, name: string, fields: Fields, killAfter?: number): Promise<void> {
  // What the last one added and may have synced without knowing it, this one takes back at once.
  const first = killAfter === undefined ? [] : [...fields].filter(([, isThere]) => isThere).slice(-4);
  const edits = killAfter === undefined ? '25' : '100000';
  const args = [script, what, where, name, edits, JSON.stringify(first.map(([field]) => field.split(' ')))];
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<unknown>((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  let edited = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [step, sign, ...field] = line.split(' ');
    fields.set(field.join(' '), step === 'done' ? sign === '+' : undefined);
    if (step === 'done' && ++edited === killAfter) setTimeout(() => child.kill('SIGKILL'), Math.random() * 20);
  }
  if ((await ended) !== (killAfter === undefined ? 0 : 'SIGKILL')) throw new Error(complaint);
}

/** Both sides are equal after a last sync, and each edit is in them or in a record of the journal. */
async function expectNothingLost(store: VersionStore, fields: Fields): Promise<void> {
  const { mvcc, spec, runtime } = syncedPair(store);
  await using coordinator = new SyncCoordinator({ spec: spec.replica, runtime: runtime.replica, journal: mvcc });
  expect((await coordinator.syncAll()).failures).toEqual([]);
  for (const { writes } of (await coordinator.syncAll()).results) expect(writes).toEqual([]);
  const [states, records] = [new Map<string, object>(), new Map<string, string>()];
  for (const id of pairIds) {
    const state = await spec.state(id);
    expect(await runtime.state(id)).toEqual(state);
    states.set(id, state ?? {});
    let text = '';
    for await (const entry of mvcc.history(`sync:${id}`)) {
      const { conflicts, resolutions, unfinished } = (entry.state ?? {}) as Record<string, unknown>;
      text += JSON.stringify([conflicts, resolutions, unfinished]);
    }
    records.set(id, text);
  }
  const lost = [...fields].filter(([key, isThere]) => {
    const [, id, field] = key.split(' ') as [string, string, string];
    return (
      isThere !== undefined &&
      Object.hasOwn(states.get(id)!, field) !== isThere &&
      !records.get(id)!.includes(`"${field}"`)
    );
  });
  expect(lost).toEqual([]);
}

async function killAgainAndAgain(what: string, where: string, store: VersionStore): Promise<void> {
  const fields: Fields = new Map();
  for (const [life, killAfter] of [2, 9, 6, 14, 7, 11].entries()) {
    await live(what, where, `life${life}`, fields, killAfter);
  }
  expect(fields.size).toBeGreaterThanOrEqual(20);
  await expectNothingLost(store, fields);
}

async function twoAtOnce(what: string, where: string, store: VersionStore): Promise<void> {
  const fields: Fields = new Map();
  await Promise.all([live(what, where, 'one', fields), live(what, where, 'two', fields)]);
  expect(fields.size).toBe(100);
  await expectNothingLost(store, fields);
}

describe('a two-way sync in an SQLite file', () => {
  const { file, db } = sharedFile('synced');

  it('SY2 SY3 loses no edit, whenever the process is killed', async () => {
    await killAgainAndAgain('sqlite', file, new SqliteVersionStore(db()));
  });
});

describe('two processes that sync one pair at once, in an SQLite file', () => {
  const { file, db } = sharedFile('synced-twice');

  it('end with equal sides, and no edit is lost', () => twoAtOnce('sqlite', file, new SqliteVersionStore(db())));
});

describeWithPostgres('a two-way sync in PostgreSQL', () => {
  const { schema, pool } = sharedSchema('synced', 4);

  it('SY2 SY3 loses no edit, whenever the process is killed', async () => {
    await killAgainAndAgain('postgres', schema, new PostgreSQLVersionStore(pool(), { schema }));
  });
});

describeWithPostgres('two processes that sync one pair at once, in PostgreSQL', () => {
  const { schema, pool } = sharedSchema('synced_twice', 4);

  it('end with equal sides, and no edit is lost', () =>
    twoAtOnce('postgres', schema, new PostgreSQLVersionStore(pool(), { schema })));
});
