import { describe, expect, it } from 'vitest';
import { ConcurrencyConflictError, InvalidArgumentError, TimeoutError } from '../../src/core/errors.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { StateTransaction } from '../../src/state/state-transaction.ts';
import { TransactionManager, type TransactionOperation } from '../../src/state/transaction-manager.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const mvcc = new MVCCController<number>({ clock });
  const manager = new TransactionManager({ mvcc, clock, random: () => 1 });
  const write = (id: string, state: number): TransactionOperation<string, number> => ({
    execute: async (transaction) => {
      await transaction.write(id, state);
      return id;
    },
  });
  const state = async (id: string) => (await mvcc.readVersion(id))?.state;
  /** Reads `a`, lets somebody else write it so many times, then writes it. */
  const loser = (times: number): TransactionOperation<number, number> & { tries: number } => ({
    tries: 0,
    async execute(transaction) {
      await transaction.read('a');
      if (this.tries++ < times) await mvcc.writeVersion('a', 100 + this.tries);
      await transaction.write('a', 1);
      return this.tries;
    },
  });
  return { clock, mvcc, manager, write, state, loser };
}

describe('TransactionManager', () => {
  it('MV6 commits all operations together and gives their results in order', async () => {
    const { manager, write, state } = setUp();
    expect(await manager.executeInTransaction([write('a', 1), write('b', 2)])).toEqual(['a', 'b']);
    expect([await state('a'), await state('b')]).toEqual([1, 2]);
    expect(await manager.executeInTransaction([])).toEqual([]);
  });

  it('MV7 lets nothing be seen of operations before one that fails', async () => {
    const { manager, write, state } = setUp();
    const fails = {
      execute: async () => {
        expect(await state('a')).toBeUndefined();
        throw new Error('stop');
      },
    };
    await expect(manager.executeInTransaction([write('a', 1), fails, write('b', 2)])).rejects.toThrow('stop');
    expect([await state('a'), await state('b')]).toEqual([undefined, undefined]);
  });

  it('takes a conflict as final unless told to retry', async () => {
    const { manager, loser } = setUp();
    const operation = loser(1);
    await expect(manager.executeInTransaction([operation])).rejects.toThrow(ConcurrencyConflictError);
    expect(operation.tries).toBe(1);
  });

  it('runs all again after a conflict: when its turn has come, then with a wait that grows, up to the bound', async () => {
    const { clock, manager, loser, state } = setUp();
    const operation = loser(3);
    const running = manager.executeInTransaction([operation], 'serializable', { retry: {} });
    await clock.advance(9);
    expect(operation.tries).toBe(2);
    await clock.advance(1);
    expect(operation.tries).toBe(3);
    await clock.advance(19);
    expect(operation.tries).toBe(3);
    await clock.advance(1);
    expect(await running).toEqual([4]);
    expect(await state('a')).toBe(1);

    const never = loser(Infinity);
    const given = manager.executeInTransaction([never], 'serializable', { retry: { maxAttempts: 3 } });
    const refused = expect(given).rejects.toThrow(ConcurrencyConflictError);
    await clock.advance(1000);
    await refused;
    expect(never.tries).toBe(3);
  });

  it('leaves no operation a way to end the transaction', async () => {
    const { manager, state } = setUp();
    const operation = {
      async execute(transaction: StateTransaction<number>) {
        await transaction.write('a', 1);
        for (const end of ['commit', 'prepare', 'rollback', 'end']) expect(end in transaction).toBe(false);
        throw new Error('stop');
      },
    };
    await expect(manager.executeInTransaction([operation])).rejects.toThrow('stop');
    expect(await state('a')).toBeUndefined();
  });

  it('does not retry a failure of the operations themselves', async () => {
    const { manager } = setUp();
    let tries = 0;
    const fails = {
      execute: async () => {
        tries++;
        throw new Error('stop');
      },
    };
    await expect(manager.executeInTransaction([fails], 'serializable', { retry: {} })).rejects.toThrow('stop');
    expect(tries).toBe(1);
  });

  it('gives up after timeoutMs, and what a late operation writes is never committed', async () => {
    const { clock, manager, write, state } = setUp();
    let release = () => {};
    const slow = {
      execute: () =>
        new Promise<string>((resolve) => {
          release = () => resolve('late');
        }),
    };
    const running = manager.executeInTransaction([slow, write('a', 1)], 'serializable', { timeoutMs: 50 });
    const refused = expect(running).rejects.toThrow(TimeoutError);
    await clock.advance(50);
    await refused;
    release();
    await clock.advance(50);
    expect(await state('a')).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('gives up when its signal aborts, whether an operation heeds it or not', async () => {
    const { manager, write, state } = setUp();
    const controller = new AbortController();
    const stuck = { execute: () => new Promise<string>(() => {}) };
    const running = manager.executeInTransaction([write('a', 1), stuck], 'serializable', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(await state('a')).toBeUndefined();
  });

  it('refuses options that make no sense', async () => {
    const { manager } = setUp();
    await expect(manager.executeInTransaction([], 'chaos' as never)).rejects.toThrow(InvalidArgumentError);
    const run = async (options: object) => manager.executeInTransaction([], 'serializable', options);
    await expect(run({ timeoutMs: 0 })).rejects.toThrow(InvalidArgumentError);
    await expect(run({ retry: { maxAttempts: 0 } })).rejects.toThrow(InvalidArgumentError);
    expect(() => new TransactionManager({ mvcc: {} as never })).toThrow(InvalidArgumentError);
  });
});
