// MV3 and MV6 over process boundaries: transfers that race, and one that is killed with SIGKILL.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { describeWithPostgres, uniqueName } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';

const script = fileURLToPath(new URL('./transfers.ts', import.meta.url));
const total = 1000;

/** Runs a process to its end, or kills it after so many acknowledgements; gives how many there were. */
async function transfers(args: readonly string[], killAfter = Infinity): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  let acknowledged = 0;
  for await (const _line of createInterface({ input: child.stdout })) {
    if (++acknowledged === killAfter) child.kill('SIGKILL');
  }
  if (complaint && !child.killed) throw new Error(complaint);
  return acknowledged;
}

function promises(what: string, where: () => string, store: () => VersionStore) {
  it('MV3 MV6 transfers of racing processes, one killed, are all whole and none is lost', async () => {
    const mvcc = new MVCCController<number>({ store: store() });
    const [a, b] = [uniqueName('a'), uniqueName('b')];
    await mvcc.writeVersion(a, total, 0);
    await mvcc.writeVersion(b, total, 0);
    let done = false;
    const watch = async () => {
      while (!done) {
        const reader = mvcc.begin({ isolationLevel: 'repeatable_read', readOnly: true });
        expect((await reader.read(a))!.state + (await reader.read(b))!.state).toBe(2 * total);
        await reader.commit();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const run = async () => {
      const counts = await Promise.all([
        transfers([what, where(), a, b, '30']),
        transfers([what, where(), b, a, '30']),
        transfers([what, where(), a, b, '1000000'], 11),
      ]).finally(() => {
        done = true;
      });
      return counts;
    };
    const [[there, back, killed]] = await Promise.all([run(), watch()]);
    expect([there, back]).toEqual([30, 30]);
    const [left, right] = [(await mvcc.readVersion(a))!, (await mvcc.readVersion(b))!];
    expect(left.state + right.state).toBe(2 * total);
    expect(left.version).toBe(right.version);
    // What was acknowledged is there; beyond it, what the killed one committed and could not say any more.
    expect(total - left.state).toBe(left.version - 1 - 60);
    expect(total - left.state).toBeGreaterThanOrEqual(killed);
  });
}

describe('processes on one SQLite file', () => {
  const { file, db } = sharedFile('versions');
  promises(
    'sqlite',
    () => file,
    () => new SqliteVersionStore(db()),
  );
});

describeWithPostgres('processes on one PostgreSQL schema', () => {
  const { schema, pool } = sharedSchema('versions_processes');
  promises(
    'postgres',
    () => schema,
    () => new PostgreSQLVersionStore(pool(), { schema }),
  );
});
