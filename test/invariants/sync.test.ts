import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/core/checksum.ts';
import { FinalDataSynchronizer } from '../../src/sync/final-data-synchronizer.ts';
import type { SyncDifference } from '../../src/sync/final-sync-result.ts';
import { KeySet } from '../../src/sync/key-set.ts';
import { Crashes, CrashingCheckpoint, MapTarget, type Row, sourceOf } from '../sync/crashing-systems.ts';
import { runs } from './runs.ts';

const validate = (row: Row) => {
  if (row.title === 'throws') throw new Error('validation broke');
  return row.title === '' ? ['the title is empty'] : [];
};

const title = fc.constantFrom('a', 'b', 'c', '', 'throws');
const uniqueRows = (titles: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 99 }).map(String), title: titles }), {
    selector: (row) => row.id,
    maxLength: 25,
  });
/** Rows of which some have no key, one that another has, or a title that is not valid. */
const anyRows = fc.array(
  fc.record({ id: fc.option(fc.integer({ min: 1, max: 20 }).map(String), { freq: 8 }), title }),
  { maxLength: 25 },
);
const batchSize = fc.integer({ min: 1, max: 7 });

describe('final synchronization', () => {
  it('FS1 each record is migrated exactly once in effect, whatever crashes and how often it runs again', async () => {
    await fc.assert(
      fc.asyncProperty(
        uniqueRows(title),
        batchSize,
        fc.boolean(),
        fc.array(fc.tuple(fc.nat({ max: 60 }), fc.constantFrom('before' as const, 'after' as const)), { maxLength: 5 }),
        async (rows, size, resumes, crashPoints) => {
          const checkpoint = new CrashingCheckpoint(new Crashes());
          const target = new MapTarget(new Crashes());
          const runOnce = async (crashes: Crashes) => {
            checkpoint.crashes = crashes;
            target.crashes = crashes;
            const source = sourceOf(rows, crashes, { resumes });
            return new FinalDataSynchronizer({
              source,
              target,
              validate,
              checkpoint,
              batchSize: size,
            }).performFinalSync();
          };
          for (const [at, phase] of crashPoints) {
            const crashed = await runOnce(new Crashes(at, phase));
            expect(crashed.errors.length).toBeLessThanOrEqual(1);
            if (crashed.errors.length > 0) expect(crashed.success).toBe(false);
          }
          const result = await runOnce(new Crashes());

          const valid = rows.filter((row) => row.title !== '' && row.title !== 'throws');
          expect([...target.rows.values()].toSorted(byId)).toEqual(valid.toSorted(byId));
          expect(target.writes.toSorted(byId)).toEqual(valid.toSorted(byId));
          expect(result.errors).toEqual([]);
          expect(result.differences).toEqual([]);
          expect(result.migratedRecords).toBe(valid.length);
          expect(result.quarantined.length).toBe(rows.length - valid.length);
          expect(result.success).toBe(valid.length === rows.length);
          expect(checkpoint.after).toBeNull();
        },
      ),
      runs(300),
    );
  });

  it('FS2 a record that changes while being copied arrives in its last state', async () => {
    await fc.assert(
      fc.asyncProperty(
        uniqueRows(fc.constantFrom('a', 'b')),
        batchSize,
        fc.array(fc.record({ at: fc.nat({ max: 80 }), row: fc.nat(), title: fc.constantFrom('a', 'b', 'c', 'd') }), {
          maxLength: 8,
        }),
        async (rows, size, edits) => {
          fc.pre(rows.length > 0);
          const live: Row[] = [...rows];
          /** What the source has held of each record since the pass that runs now began. */
          let held = new Map<string, Set<string>>();
          const crashes = new Crashes();
          crashes.onCall = (call) => {
            for (const edit of edits.filter(({ at }) => at === call)) {
              const index = edit.row % live.length;
              const { id } = live[index]!;
              live[index] = { id, title: edit.title };
              held.get(id!)?.add(edit.title);
            }
          };
          const inner = sourceOf(live, crashes);
          const source = {
            ...inner,
            extract: (options: { after?: string }) => {
              held = new Map(live.map((row) => [row.id!, new Set([row.title])]));
              return inner.extract(options);
            },
          };
          const target = new MapTarget(crashes);
          const synchronizer = new FinalDataSynchronizer({
            source,
            target,
            batchSize: size,
            copyPasses: edits.length + 1,
          });
          const result = await synchronizer.performFinalSync();
          if (result.success) {
            for (const row of live) expect(held.get(row.id!)).toContain(target.rows.get(row.id!)!.title);
          } else {
            expect(result.differences.length).toBeGreaterThan(0);
          }
          // Once the writers rest, the next run brings everything to its last state.
          crashes.onCall = () => {};
          expect((await synchronizer.performFinalSync()).success).toBe(true);
          expect([...target.rows.values()].toSorted(byId)).toEqual(live.toSorted(byId));
        },
      ),
      runs(300),
    );
  });

  it('FS3 verification names each difference and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        uniqueRows(fc.constantFrom('a', 'b')),
        batchSize,
        fc.integer({ min: 1, max: 3 }),
        fc.func(fc.constantFrom('kept', 'kept', 'lost', 'altered')),
        fc.uniqueArray(fc.integer({ min: 100, max: 120 }).map(String), { maxLength: 3 }),
        async (rows, size, copyPasses, fate, strangers) => {
          const crashes = new Crashes();
          const target = new MapTarget(crashes);
          target.store = (row) => {
            if (fate(row.id) === 'lost') return null;
            return fate(row.id) === 'altered' ? { ...row, title: 'altered' } : row;
          };
          for (const id of strangers) target.rows.set(id, { id, title: 'stranger' });
          const source = sourceOf(rows, crashes);
          const result = await new FinalDataSynchronizer({
            source,
            target,
            batchSize: size,
            copyPasses,
          }).performFinalSync();

          const expected: SyncDifference[] = [
            ...rows.flatMap((row): SyncDifference[] => {
              const sourceChecksum = checksum(row);
              if (fate(row.id) === 'lost')
                return [{ key: row.id, kind: 'missing', sourceChecksum, targetChecksum: null }];
              if (fate(row.id) === 'kept') return [];
              const targetChecksum = checksum({ ...row, title: 'altered' });
              return [{ key: row.id, kind: 'different', sourceChecksum, targetChecksum }];
            }),
            ...strangers.map((key) => ({
              key,
              kind: 'unexpected' as const,
              sourceChecksum: null,
              targetChecksum: null,
            })),
          ];
          expect(result.differences).toEqual(expected);
          expect(result.success).toBe(expected.length === 0);
          expect(result.migratedRecords).toBe(rows.filter((row) => fate(row.id) === 'kept').length);
        },
      ),
      runs(300),
    );
  });

  it('FS4 each record is migrated or set aside with its reasons, none is dropped', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, batchSize, fc.nat({ max: 40 }), async (rows, size, crashAt) => {
        const checkpoint = new CrashingCheckpoint(new Crashes());
        const target = new MapTarget(new Crashes(crashAt));
        const options = { target, validate, checkpoint, batchSize: size };
        await new FinalDataSynchronizer({ source: sourceOf(rows, target.crashes), ...options }).performFinalSync();
        target.crashes = new Crashes();
        const source = sourceOf(rows, target.crashes, { resumes: true });
        const result = await new FinalDataSynchronizer({ source, ...options }).performFinalSync();

        const seen = new Set<string>();
        const aside: [Row, string[]][] = [];
        const good: Row[] = [];
        for (const row of rows) {
          const reasons: string[] = [];
          if (row.id === null) reasons.push('its key can not be told: no id');
          else if (seen.has(row.id)) reasons.push(`another record has its key "${row.id}"`);
          if (row.id !== null) seen.add(row.id);
          if (row.title === '') reasons.push('the title is empty');
          if (row.title === 'throws') reasons.push('it can not be validated: validation broke');
          if (reasons.length > 0) aside.push([row, reasons]);
          else good.push(row);
        }
        expect(result.errors).toEqual([]);
        expect(result.quarantined.map(({ record, reasons }) => [record, reasons])).toEqual(aside);
        expect(result.quarantined.map(({ key }) => key)).toEqual(aside.map(([row]) => row.id));
        for (const row of good) expect(target.rows.get(row.id!)).toEqual(row);
        expect(result.migratedRecords).toBe(good.length);
        expect(result.success).toBe(aside.length === 0);
      }),
      runs(300),
    );
  });
});

describe('KeySet', () => {
  it('is a set of keys', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 3000 }), (keys) => {
        const set = new KeySet();
        const model = new Set<string>();
        for (const key of keys) {
          expect(set.has(key)).toBe(model.has(key));
          expect(set.add(key)).toBe(!model.has(key));
          model.add(key);
        }
        expect(set.size).toBe(model.size);
        for (const key of model) expect(set.has(key)).toBe(true);
      }),
      runs(50),
    );
  });

  it('tells 50,000 keys apart', () => {
    const set = new KeySet();
    const keys = Array.from({ length: 50_000 }, (_, index) => `key-${index}`);
    expect(keys.every((key) => set.add(key))).toBe(true);
    expect(keys.some((key) => set.add(key))).toBe(false);
    expect(set.size).toBe(keys.length);
  });
});

const byId = (a: Row, b: Row) => Number(a.id) - Number(b.id);
