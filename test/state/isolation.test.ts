// MV4, case by case, after Hermitage by Martin Kleppmann (CC-BY 4.0): two aggregates that begin at 10 and 20.
import { describe, expect, it } from 'vitest';
import { ConcurrencyConflictError } from '../../src/core/errors.ts';
import type { IsolationLevel } from '../../src/state/isolation-level.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { Transaction } from '../../src/state/transaction.ts';

async function begin(isolationLevel: IsolationLevel) {
  const mvcc = new MVCCController<number>();
  await mvcc.writeVersion('1', 10);
  await mvcc.writeVersion('2', 20);
  const [t1, t2, t3] = [1, 2, 3].map(() => mvcc.begin({ isolationLevel })) as [Tx, Tx, Tx];
  const final = async () => [(await mvcc.readVersion('1'))?.state, (await mvcc.readVersion('2'))?.state];
  return { t1, t2, t3, final };
}

type Tx = Transaction<number>;
const value = async (transaction: Tx, id: string) => (await transaction.read(id))?.state;
const outcome = (transaction: Tx) =>
  transaction.commit().then(
    () => 'committed',
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConcurrencyConflictError);
      return 'conflict';
    },
  );

const every: IsolationLevel[] = ['read_uncommitted', 'read_committed', 'repeatable_read', 'serializable'];
const weak: IsolationLevel[] = ['read_uncommitted', 'read_committed'];
const snapshot: IsolationLevel[] = ['repeatable_read', 'serializable'];

describe.each(every)('MV4 at %s', (level) => {
  it('G0 two that write the same two aggregates never leave a mixture', async () => {
    const { t1, t2, final } = await begin(level);
    await t1.write('1', 11);
    await t2.write('1', 12);
    await t1.write('2', 21);
    expect(await outcome(t1)).toBe('committed');
    expect(await final()).toEqual([11, 21]);
    await t2.write('2', 22);
    const second = await outcome(t2);
    expect(await final()).toEqual(second === 'committed' ? [12, 22] : [11, 21]);
    expect(second).toBe(weak.includes(level) ? 'committed' : 'conflict');
  });

  it('G1a what is rolled back is never read', async () => {
    const { t1, t2, final } = await begin(level);
    await t1.write('1', 101);
    expect(await value(t2, '1')).toBe(10);
    await t1.rollback();
    expect(await value(t2, '1')).toBe(10);
    expect(await outcome(t2)).toBe('committed');
    expect(await final()).toEqual([10, 20]);
  });

  it('G1b what is overwritten in the same transaction is never read', async () => {
    const { t1, t2 } = await begin(level);
    await t1.write('1', 101);
    expect(await value(t2, '1')).toBe(10);
    await t1.write('1', 11);
    expect(await outcome(t1)).toBe('committed');
    expect(await value(t2, '1')).toBe(weak.includes(level) ? 11 : 10);
    expect(await outcome(t2)).toBe('committed');
  });

  it('G1c two never read each other', async () => {
    const { t1, t2 } = await begin(level);
    await t1.write('1', 11);
    await t2.write('2', 22);
    expect([await value(t1, '2'), await value(t2, '1')]).toEqual([20, 10]);
    expect(await outcome(t1)).toBe('committed');
    expect(await outcome(t2)).toBe(level === 'serializable' ? 'conflict' : 'committed');
  });

  it('OTV what vanished from one aggregate is not seen in the other', async () => {
    const { t1, t2, t3 } = await begin(level);
    await t1.write('1', 11);
    await t1.write('2', 19);
    await t2.write('1', 12);
    expect(await outcome(t1)).toBe('committed');
    const first = await value(t3, '1');
    await t2.write('2', 18);
    const second = await value(t3, '2');
    const committed = await outcome(t2);
    const again = [await value(t3, '1'), await value(t3, '2')];
    expect([first, second]).toEqual([11, 19]);
    expect(committed).toBe(weak.includes(level) ? 'committed' : 'conflict');
    expect(again).toEqual(weak.includes(level) ? [12, 18] : [11, 19]);
  });

  it('P4 of two that read and then write the same aggregate', async () => {
    const { t1, t2, final } = await begin(level);
    await value(t1, '1');
    await value(t2, '1');
    await t1.write('1', 11);
    await t2.write('1', 12);
    expect(await outcome(t1)).toBe('committed');
    expect(await outcome(t2)).toBe(weak.includes(level) ? 'committed' : 'conflict');
    expect(await final()).toEqual(weak.includes(level) ? [12, 20] : [11, 20]);
  });

  it('G-single a reader beside a writer of both', async () => {
    const { t1, t2 } = await begin(level);
    expect(await value(t1, '1')).toBe(10);
    await value(t2, '1');
    await value(t2, '2');
    await t2.write('1', 12);
    await t2.write('2', 18);
    expect(await outcome(t2)).toBe('committed');
    expect(await value(t1, '2')).toBe(weak.includes(level) ? 18 : 20);
    expect(await outcome(t1)).toBe('committed');
  });

  it('G2-item two that read both and write one each', async () => {
    const { t1, t2, final } = await begin(level);
    for (const transaction of [t1, t2]) for (const id of ['1', '2']) await value(transaction, id);
    await t1.write('1', 11);
    await t2.write('2', 21);
    expect(await outcome(t1)).toBe('committed');
    expect(await outcome(t2)).toBe(level === 'serializable' ? 'conflict' : 'committed');
    expect(await final()).toEqual(level === 'serializable' ? [11, 20] : [11, 21]);
  });

  it('two that create the same aggregate', async () => {
    const { t1, t2 } = await begin(level);
    await t1.write('new', 1);
    await t2.write('new', 2);
    expect(await outcome(t1)).toBe('committed');
    expect(await outcome(t2)).toBe(weak.includes(level) ? 'committed' : 'conflict');
  });

  it('reads its own writes', async () => {
    const { t1, final } = await begin(level);
    await t1.write('1', 11);
    await t1.write('new', 1);
    expect([await value(t1, '1'), (await t1.read('1'))?.version]).toEqual([11, 2]);
    expect([await value(t1, 'new'), (await t1.read('new'))?.version]).toEqual([1, 1]);
    expect(await final()).toEqual([10, 20]);
    const written = await t1.commit();
    expect(written.map(({ aggregateId, version }) => [aggregateId, version])).toEqual([
      ['1', 2],
      ['new', 1],
    ]);
  });
});

describe.each(snapshot)('MV4 at %s', (level) => {
  it('a transaction that only reads never fails, whatever is written meanwhile', async () => {
    const { t1, t2 } = await begin(level);
    expect(await value(t1, '1')).toBe(10);
    await t2.write('1', 11);
    await t2.write('2', 21);
    await t2.commit();
    expect(await value(t1, '2')).toBe(20);
    expect(await outcome(t1)).toBe('committed');
  });

  it('an aggregate that is not there stays so until the end', async () => {
    const { t1, t2 } = await begin(level);
    expect(await t1.read('new')).toBeNull();
    await t2.write('new', 1);
    await t2.commit();
    expect(await t1.read('new')).toBeNull();
  });
});
