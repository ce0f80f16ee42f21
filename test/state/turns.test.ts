import { describe, expect, it } from 'vitest';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { TransactionManager, type TransactionOperation } from '../../src/state/transaction-manager.ts';
import { Turns } from '../../src/state/turns.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

type Increment = (mvcc: MVCCController<number>) => () => Promise<unknown>;

const increments: Record<string, Increment> = {
  update(mvcc) {
    const counters = new StateManager({ mvcc });
    return () => counters.update('hot', (count = 0) => count + 1);
  },
  transaction(mvcc) {
    const counters = new StateManager({ mvcc });
    return () =>
      counters.transaction(async (transaction) => {
        await transaction.write('hot', ((await transaction.read('hot'))?.state ?? 0) + 1);
      });
  },
  'transaction that reads something else first'(mvcc) {
    const counters = new StateManager({ mvcc });
    return () =>
      counters.transaction(async (transaction) => {
        await transaction.read('cold');
        await transaction.write('hot', ((await transaction.read('hot'))?.state ?? 0) + 1);
      });
  },
  executeInTransaction(mvcc) {
    const manager = new TransactionManager({ mvcc });
    const operation: TransactionOperation<void, number> = {
      async execute(transaction) {
        await transaction.write('hot', ((await transaction.read('hot'))?.state ?? 0) + 1);
      },
    };
    return () => manager.executeInTransaction([operation], 'serializable', { retry: {} });
  },
};

describe('writers that contend for one aggregate', () => {
  it.each(Object.entries(increments))('each get their share by %s', async (_, increment) => {
    const mvcc = new MVCCController<number>();
    const once = increment(mvcc);
    const total = 1600;
    let left = total;
    const shares = await Promise.all(
      Array.from({ length: 8 }, async () => {
        let done = 0;
        for (; left > 0; done++) {
          left--;
          await once();
        }
        return done;
      }),
    );
    expect((await mvcc.readVersion('hot'))?.state).toBe(total);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(total / 8 / 3);
  });
});

describe('Turns', () => {
  it('are taken one after the other, and let newcomers pass when all are through', async () => {
    const turns = new Turns(new FakeClock());
    const told: string[] = [];
    const tell = (what: string) => told.push(what);
    const first = await turns.take('a', undefined);
    const second = turns.take('a', undefined).then((end) => {
      tell('second');
      return end;
    });
    const newcomer = turns.passed('a', undefined).then(() => tell('newcomer'));
    await turns.passed('b', undefined);
    tell('first ends');
    first();
    (await second)();
    await newcomer;
    expect(told).toEqual(['first ends', 'second', 'newcomer']);
  });

  it('are not waited for in vain: work that waits for other work goes on', async () => {
    const clock = new FakeClock();
    const turns = new Turns(clock);
    await turns.take('a', undefined);
    const impatient = Promise.all([turns.take('a', undefined), turns.passed('a', undefined)]);
    await clock.advance(1000);
    const [end] = await impatient;
    end();
    expect(clock.pending).toBe(0);
  });

  it('are over for work that hangs: nobody waits for it again and again', async () => {
    const clock = new FakeClock();
    const counters = new StateManager<number>({ clock });
    await counters.set('a', 1);
    let tries = 0;
    void counters.update('a', async (count = 0) => {
      if (++tries > 1) return new Promise<never>(() => {});
      await counters.set('a', 2);
      return count + 1;
    });
    await clock.advance(1000);
    expect(tries).toBe(2);
    for (const expected of [3, 4]) {
      expect((await counters.update('a', (count = 0) => count + 1)).state).toBe(expected);
    }
  });

  it('go on behind one who gave up', async () => {
    const clock = new FakeClock();
    const turns = new Turns(clock);
    const end = await turns.take('a', undefined);
    const controller = new AbortController();
    const given = turns.take('a', controller.signal);
    const next = turns.take('a', undefined);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    end();
    (await next)();
    await turns.passed('a', undefined);
    expect(clock.pending).toBe(0);
  });
});
