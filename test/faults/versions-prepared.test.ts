// MV9: what was prepared is durable: a process that is killed at any moment leaves it to whoever comes after.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { describeWithPostgres } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';

const program = fileURLToPath(new URL('./versions-prepared-program.ts', import.meta.url));

/** What the program said, which is killed after so many lines. */
async function killed(what: string, where: string, after: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, what, where], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout }))
    if (said.push(line) === after) child.kill('SIGKILL');
  return said;
}

function promises(what: string, where: () => string, open: () => SqliteVersionStore | PostgreSQLVersionStore) {
  it('MV9 what a killed process has prepared is held, listed and can be decided', async () => {
    const said = await killed(what, where(), 50);
    const store = open();
    await store.init();
    const numbers = (word: string) =>
      said.filter((line) => line.startsWith(word)).map((line) => Number(line.split(' ')[1]));
    const pending = (await store.prepared()).map(({ id }) => Number(id.slice(1)));
    const committed = new Set(numbers('committed'));
    // Beyond what it said it may have done one step.
    const last = Math.max(...numbers('prepared'));
    for (const n of numbers('prepared')) {
      const versions = await Promise.all(['a', 'b'].map((id) => store.latestVersion(`${id}${n}`)));
      expect(versions[0]).toBe(versions[1]);
      if (committed.has(n)) expect([n, versions[0], pending.includes(n)]).toEqual([n, 1, false]);
      else if (n < last) expect([n, versions[0], pending.includes(n)]).toEqual([n, 0, true]);
      else expect(versions[0] === 1).toBe(!pending.includes(n));
    }
    expect(pending.length).toBeGreaterThan(3);
    const [first, second, third] = pending as [number, number, number];
    for (const aggregateId of [`a${first}`, `c${first}x`]) {
      const outcome = await store.commit({ writes: [{ aggregateId, state: 0 }], checks: [], timestamp: 0 });
      expect(outcome).toEqual({ status: 'locked', aggregateId, preparedBy: `t${first}` });
    }
    expect((await store.decide(`t${first}`, 'commit', 9999))?.versions).toEqual([1, 1]);
    expect(await store.decide(`t${second}`, 'rollback', 9999)).toBeUndefined();
    const states = await Promise.all([first, second, third].map(async (n) => (await store.read(`b${n}`))?.state));
    expect(states).toEqual([first, undefined, undefined]);
    const freed = [`c${first}x`, `a${second}`].map((aggregateId) => ({ aggregateId, state: 0 }));
    expect((await store.commit({ writes: freed, checks: [], timestamp: 0 })).status).toBe('committed');
  });
}

describe('prepared versions in an SQLite file', () => {
  const { file, db } = sharedFile('prepared');
  promises(
    'sqlite',
    () => file,
    () => new SqliteVersionStore(db()),
  );
});

describeWithPostgres('prepared versions on PostgreSQL', () => {
  const { schema, pool } = sharedSchema('prepared');
  promises(
    'postgres',
    () => schema,
    () => new PostgreSQLVersionStore(pool(), { schema }),
  );
});
