import { describe, expect, it } from 'vitest';
import { FinalSyncError } from '../../src/sync/errors.ts';
import { FinalDataSynchronizer } from '../../src/sync/final-data-synchronizer.ts';
import type { FinalSyncProgress } from '../../src/sync/final-sync-result.ts';
import type { SyncTarget } from '../../src/sync/sync-target.ts';
import { Crashes, MapTarget, type Row, sourceOf } from './crashing-systems.ts';

const rowsUpTo = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${index + 1}`, title: `title ${index + 1}` }));

describe('FinalDataSynchronizer', () => {
  it('copies, verifies and says how far it is', async () => {
    const progress: FinalSyncProgress[] = [];
    const target = new MapTarget(new Crashes());
    const synchronizer = new FinalDataSynchronizer({
      source: sourceOf(rowsUpTo(5), target.crashes),
      target,
      batchSize: 2,
      onProgress: (step) => progress.push(step),
    });
    expect(await synchronizer.performFinalSync()).toEqual({
      success: true,
      migratedRecords: 5,
      laterRecords: 0,
      writtenRecords: 5,
      errors: [],
      quarantined: [],
      differences: [],
    });
    expect(progress).toEqual([
      { pass: 1, records: 2, equal: 0, later: 0, written: 2, quarantined: 0 },
      { pass: 1, records: 4, equal: 0, later: 0, written: 4, quarantined: 0 },
      { pass: 1, records: 5, equal: 0, later: 0, written: 5, quarantined: 0 },
      { pass: 2, records: 2, equal: 2, later: 0, written: 0, quarantined: 0 },
      { pass: 2, records: 4, equal: 4, later: 0, written: 0, quarantined: 0 },
      { pass: 2, records: 5, equal: 5, later: 0, written: 0, quarantined: 0 },
    ]);
    expect(await synchronizer.performFinalSync()).toMatchObject({
      success: true,
      migratedRecords: 5,
      writtenRecords: 0,
    });
  });

  it('names the step that failed, and goes on behind the checkpoint', async () => {
    const crashes = new Crashes();
    const target = new MapTarget(crashes);
    const asked: (string | undefined)[] = [];
    const inner = sourceOf(rowsUpTo(10), crashes, { resumes: true });
    const source: typeof inner = {
      ...inner,
      extract(options) {
        asked.push(options.after);
        return inner.extract(options);
      },
    };
    const synchronizer = new FinalDataSynchronizer({ source, target, batchSize: 2 });
    crashes.onCall = () => {
      if (target.rows.size === 5) throw new Error('the disk is full');
    };
    const broken = await synchronizer.performFinalSync();
    expect(broken.success).toBe(false);
    expect(broken.errors[0]).toBeInstanceOf(FinalSyncError);
    expect(broken.errors[0]).toMatchObject({ code: 'FINAL_SYNC_FAILED', step: 'write target' });
    expect(broken.errors[0]?.message).toContain('the disk is full');
    crashes.onCall = () => {};
    expect(await synchronizer.performFinalSync()).toMatchObject({
      success: true,
      migratedRecords: 10,
      writtenRecords: 5,
    });
    expect(asked).toEqual([undefined, '4', undefined]);
  });

  it('sets records aside that have no text key or no checksum', async () => {
    const cyclic: Record<string, unknown> = { id: 'cyclic' };
    cyclic.self = cyclic;
    const rows: Record<string, unknown>[] = [{ id: '' }, { id: 7 }, cyclic, { id: 'ok' }];
    const stored = new Map<unknown, Record<string, unknown>>();
    const result = await new FinalDataSynchronizer<Record<string, unknown>>({
      source: {
        async *extract() {
          yield* rows;
        },
        keyOf: (row) => row.id as string,
      },
      target: {
        async write(written) {
          for (const row of written) stored.set(row.id, row);
        },
        read: async (keys) => keys.map((key) => stored.get(key) ?? null),
      },
    }).performFinalSync();
    expect(result.quarantined.map(({ key, reasons }) => [key, reasons[0]?.split(':')[0]])).toEqual([
      [null, 'its key can not be told'],
      [null, 'its key can not be told'],
      ['cyclic', 'its checksum can not be taken'],
    ]);
    expect([...stored.keys()]).toEqual(['ok']);
    expect(result.success).toBe(false);
  });

  it('compares by the checksum it is given', async () => {
    const target = new MapTarget(new Crashes());
    target.store = (row) => ({ ...row, title: row.title.toUpperCase() });
    const source = sourceOf(rowsUpTo(3), target.crashes);
    const exact = new FinalDataSynchronizer({ source, target });
    expect((await exact.performFinalSync()).differences.map(({ kind }) => kind)).toEqual(Array(3).fill('different'));
    const checksum = (row: Row) => `${row.id} ${row.title.toLowerCase()}`;
    const lenient = new FinalDataSynchronizer({ source, target, checksum });
    expect(await lenient.performFinalSync()).toMatchObject({ success: true, writtenRecords: 0 });
  });

  it('leaves records alone that are in a later state in the target', async () => {
    const target = new MapTarget(new Crashes());
    target.rows.set('1', { id: '1', title: 'title 1, edited since' });
    target.rows.set('2', { id: '2', title: 'stale' });
    const source = sourceOf(rowsUpTo(3), target.crashes);
    const isLater = (stored: Row) => stored.title.endsWith('edited since');
    const result = await new FinalDataSynchronizer({ source, target, isLater }).performFinalSync();
    expect(result).toMatchObject({ success: true, migratedRecords: 3, laterRecords: 1, writtenRecords: 2 });
    expect([...target.rows.values()].map(({ title }) => title)).toEqual([
      'title 1, edited since',
      'title 2',
      'title 3',
    ]);
  });

  it('rejects with the reason when its signal aborts, and goes on with the next call', async () => {
    const target = new MapTarget(new Crashes());
    const controller = new AbortController();
    const reason = new Error('enough');
    const synchronizer = new FinalDataSynchronizer({
      source: sourceOf(rowsUpTo(10), target.crashes),
      target,
      batchSize: 2,
      onProgress: ({ records }) => {
        if (records === 4) controller.abort(reason);
      },
    });
    await expect(synchronizer.performFinalSync({ signal: controller.signal })).rejects.toBe(reason);
    expect(target.rows.size).toBe(4);
    expect(await synchronizer.performFinalSync()).toMatchObject({ success: true, migratedRecords: 10 });
  });

  it('rejects with the reason even when the systems stop by the signal themselves', async () => {
    const controller = new AbortController();
    const target = new MapTarget(new Crashes());
    target.write = async () => {
      controller.abort(new Error('enough'));
      throw new Error('connection closed');
    };
    const synchronizer = new FinalDataSynchronizer({ source: sourceOf(rowsUpTo(1), target.crashes), target });
    await expect(synchronizer.performFinalSync({ signal: controller.signal })).rejects.toThrow('enough');
  });

  it('holds no more than one batch of records', async () => {
    let made = 0;
    let read = 0;
    const target: SyncTarget<Row> = {
      write: async () => {},
      async read(keys) {
        read += keys.length;
        expect(made - read).toBeLessThanOrEqual(0);
        return rowsUpTo(0).concat(keys.map((id) => ({ id, title: 'x' })));
      },
    };
    const result = await new FinalDataSynchronizer<Row>({
      source: {
        async *extract() {
          for (let id = 0; id < 1000; id++) {
            made++;
            yield { id: `${id}`, title: 'x' };
          }
        },
        keyOf: (row) => row.id!,
      },
      target,
      batchSize: 10,
    }).performFinalSync();
    expect(result).toMatchObject({ success: true, migratedRecords: 1000 });
  });

  it('refuses a target whose answer does not fit, and numbers that are none', async () => {
    const target = new MapTarget(new Crashes());
    target.read = async () => [];
    const source = sourceOf(rowsUpTo(1), target.crashes);
    const result = await new FinalDataSynchronizer({ source, target }).performFinalSync();
    expect(result.errors[0]).toMatchObject({ step: 'read target', cause: { code: 'INVALID_ARGUMENT' } });
    expect(() => new FinalDataSynchronizer({ source, target, batchSize: 0 })).toThrow(/options.batchSize/);
    expect(() => new FinalDataSynchronizer({ source, target, copyPasses: 1.5 })).toThrow(/options.copyPasses/);
  });
});
