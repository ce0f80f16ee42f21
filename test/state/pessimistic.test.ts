import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLLockManager } from '../../src/adapters/postgres/postgresql-lock-manager.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { TransactionEndedError } from '../../src/state/errors.ts';
import type { LockManager } from '../../src/state/lock-manager.ts';
import { MemoryLockManager } from '../../src/state/memory-lock-manager.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

const concurrencyControl = 'pessimistic';

function promises(open: () => { store: VersionStore; locks: LockManager }) {
  it('every one of many updates and transactions succeeds at its first try', async () => {
    const { store, locks } = open();
    const managers = [1, 2].map(
      () => new StateManager<number>({ store, locks, concurrencyControl, retry: { maxAttempts: 1 } }),
    );
    const add = (n = 0) => n + 1;
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const manager = managers[n % 2]!;
        if (n % 3 > 0) return manager.update('n', add);
        return manager.transaction(async (transaction) => {
          await transaction.write('n', add((await transaction.read('n'))?.state));
        });
      }),
    );
    expect(await managers[0]!.get('n')).toMatchObject({ state: 20, version: 20 });
  });

  it('transfers in opposite directions deadlock, are tried again, and lose nothing', async () => {
    const { store, locks } = open();
    const manager = new StateManager<number>({ store, locks, concurrencyControl, retry: { maxAttempts: 50 } });
    await manager.set('left', 100);
    await manager.set('right', 100);
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        manager.transaction(async (transaction) => {
          const [from, to] = n % 2 ? ['left', 'right'] : ['right', 'left'];
          const balance = (await transaction.read(from!))!.state;
          await new Promise((resolve) => setImmediate(resolve));
          const other = (await transaction.read(to!))!.state;
          await transaction.write(from!, balance - n);
          await transaction.write(to!, other + n);
        }),
      ),
    );
    const sum = (await manager.get('left'))!.state + (await manager.get('right'))!.state;
    expect(sum).toBe(200);
    expect((await manager.get('left'))!.state).toBe(100 + 0 - 1 + 2 - 3 + 4 - 5 + 6 - 7);
  });

  it('what is written without a lock is still noticed', async () => {
    const { store, locks } = open();
    const manager = new StateManager<number>({ store, locks, concurrencyControl, retry: { maxAttempts: 5 } });
    const optimist = new StateManager<number>({ store });
    await manager.set('seen', 1);
    let tries = 0;
    const found = await manager.transaction(async (transaction) => {
      const seen = (await transaction.read('seen'))!.state;
      if (++tries === 1) await optimist.set('seen', 2);
      await transaction.write('copy', seen);
      return seen;
    });
    expect([found, tries]).toEqual([2, 2]);
    expect((await manager.get('copy'))?.state).toBe(2);
  });

  it('locks are given back, however a call ends', async () => {
    const { store, locks } = open();
    const manager = new StateManager<number>({ store, locks, concurrencyControl, lockTimeoutMs: 30_000 });
    const fail = async () => {
      throw new Error('stop');
    };
    await expect(manager.update('a', fail)).rejects.toThrow('stop');
    await expect(manager.set('a', Number.NaN)).rejects.toThrow(InvalidArgumentError);
    await expect(manager.delete('a', { expectedVersion: 3 })).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
    const transaction = manager.transaction(async (each) => {
      await Promise.all([each.read('a'), each.read('b'), each.delete('a')]);
      return fail();
    });
    await expect(transaction).rejects.toThrow('stop');
    for (const id of ['a', 'b']) await (await locks.acquire([id], { owner: 'after', timeoutMs: 5000 }))();
  });

  it('work that goes on after its transaction has failed locks nothing any more', async () => {
    const { store, locks } = open();
    const manager = new StateManager<number>({ store, locks, concurrencyControl });
    let goOn = () => {};
    const over = new Promise<void>((resolve) => (goOn = resolve));
    let late: Promise<unknown> | undefined;
    const failed = manager.transaction(async (each) => {
      late = over.then(() => each.write('a', 1));
      throw new Error('stop');
    });
    await expect(failed).rejects.toThrow('stop');
    goOn();
    await expect(late).rejects.toThrow(TransactionEndedError);
    await (await locks.acquire(['a'], { owner: 'after', timeoutMs: 5000 }))();
  });

  it('gives up when it has waited for long enough, or when told to', async () => {
    const { store, locks } = open();
    const release = await locks.acquire(['a'], { owner: 'somebody' });
    const manager = new StateManager<number>({ store, locks, concurrencyControl, lockTimeoutMs: 20 });
    await expect(manager.set('a', 1)).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', aggregateIds: ['a'] });
    await expect(manager.transaction((each) => each.write('a', 1))).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    expect(await manager.transaction((each) => each.read('a'), { readOnly: true })).toBeNull();
    const patient = new StateManager<number>({ store, locks, concurrencyControl });
    const abort = new AbortController();
    const update = patient.update('a', () => 1, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(update).rejects.toThrow('enough');
    await release();
    expect((await manager.set('a', 1)).version).toBe(1);
  });
}

describe('a pessimistic StateManager', () => {
  promises(() => ({ store: new MemoryVersionStore(), locks: new MemoryLockManager() }));

  it('has locks of its own where none are given, and takes none while it is optimistic', async () => {
    const clock = new FakeClock();
    const manager = new StateManager<number>({ concurrencyControl, clock });
    await manager.update('a', () => 1);
    expect(clock.pending).toBe(0);
    expect(() => new StateManager({ locks: new MemoryLockManager() })).toThrow(InvalidArgumentError);
    expect(() => new StateManager({ concurrencyControl: 'other' as never })).toThrow(InvalidArgumentError);
    expect(() => new StateManager({ lockTimeoutMs: 10 })).toThrow(InvalidArgumentError);
    for (const lockTimeoutMs of [-1, 0, Number.NaN]) {
      expect(() => new StateManager({ concurrencyControl, lockTimeoutMs })).toThrow(InvalidArgumentError);
    }
    expect(() => new StateManager({ retry: { maxAttempts: 0 } })).toThrow(InvalidArgumentError);
  });
});

describeWithPostgres('a pessimistic StateManager on PostgreSQL', () => {
  const schemas: string[] = [];
  let pool: pg.Pool;
  let lockPool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
    lockPool = new pg.Pool({ connectionString: postgresUrl, max: 25 });
  });
  afterAll(async () => {
    for (const schema of schemas) await pool.query(`drop schema if exists ${schema} cascade`);
    await Promise.all([pool.end(), lockPool.end()]);
  });
  promises(() => {
    const schema = uniqueName('pessimistic');
    schemas.push(schema);
    return {
      store: new PostgreSQLVersionStore(pool, { schema }),
      locks: new PostgreSQLLockManager(lockPool, { namespace: schema }),
    };
  });
});
