import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/core/checksum.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { type IsolationLevel, isolationLevels } from '../../src/state/isolation-level.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { freshIds, testStores } from '../state/stores.ts';
import { checkHistory, type FinalVersion, type RecordedTransaction } from './models/state-history.ts';
import { runs } from './runs.ts';
import { scheduledStore } from './scheduled-store.ts';

const names = ['a', 'b', 'c'] as const;
const step = fc.record({ kind: fc.constantFrom('read', 'write'), id: fc.constantFrom(...names) });
const program = fc.record({
  isolationLevel: fc.constantFrom(...isolationLevels),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  rollsBack: fc.boolean(),
});
interface Program {
  readonly isolationLevel: IsolationLevel;
  readonly steps: readonly { readonly kind: 'read' | 'write'; readonly id: string }[];
  readonly rollsBack: boolean;
}

async function execute(mvcc: MVCCController<string>, name: string, { isolationLevel, steps, rollsBack }: Program) {
  const transaction = mvcc.begin({ isolationLevel });
  const reads: { id: string; value: string | undefined }[] = [];
  const writes = new Map<string, string>();
  for (const [index, { kind, id }] of steps.entries()) {
    if (kind === 'write') {
      writes.set(id, `${name}.${index}`);
      await transaction.write(id, `${name}.${index}`);
    } else {
      const found = await transaction.read(id);
      if (writes.has(id)) expect(found?.state).toBe(writes.get(id));
      else reads.push({ id, value: found?.state });
    }
  }
  const record = (outcome: RecordedTransaction['outcome']) => ({ name, isolationLevel, outcome, reads, writes });
  if (rollsBack) {
    await transaction.rollback();
    return record('rolled back');
  }
  try {
    await transaction.commit();
    return record('committed');
  } catch (error) {
    if (!isMigrationError(error, 'CONCURRENCY_CONFLICT')) throw error;
    return record('conflict');
  }
}

async function finalVersions(store: VersionStore, ids: readonly string[]): Promise<FinalVersion[]> {
  const histories = await Promise.all(ids.map((id) => store.history(id, { fromVersion: 1, limit: 1000 })));
  for (const history of histories) {
    expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
  }
  return histories
    .flat()
    .map(({ aggregateId, version, sequence, state }) => ({ id: aggregateId, version, sequence, value: String(state) }));
}

describe.each(testStores('state_invariants'))('state on $kind', ({ create, share }) => {
  const some = (count: number) => runs(Math.ceil(count * share));

  it('MV1 MV2 MV3 every history of writes is that of a list kept by the plainest code', async () => {
    const attempt = fc.record({
      id: fc.constantFrom(...names),
      expected: fc.option(fc.nat(4), { nil: undefined }),
      state: fc.jsonValue() as fc.Arbitrary<JsonValue>,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 15 }), async (attempts) => {
        const mvcc = new MVCCController({ store: create() });
        const of = freshIds();
        const model = new Map<string, string[]>(names.map((id) => [id, []]));
        for (const { id, expected, state } of attempts) {
          const list = model.get(id)!;
          const outcome = await mvcc.writeVersion(of(id), state, expected).catch((error: unknown) => error);
          if (expected === undefined || expected === list.length) {
            list.push(JSON.stringify(state));
            expect(outcome).toMatchObject({ version: list.length, checksum: checksum(state) });
          } else {
            expect(outcome).toMatchObject({ expectedVersion: expected, actualVersion: list.length });
          }
        }
        for (const id of names) {
          const list = model.get(id)!;
          for (const [index, text] of list.entries()) {
            const first = await mvcc.readVersion(of(id), index + 1);
            const again = await mvcc.readVersion(of(id), index + 1);
            expect(first?.state).toEqual(JSON.parse(text, (_key, value) => (Object.is(value, -0) ? 0 : value)));
            expect(first?.checksum).toBe(checksum(first?.state));
            expect(again).toEqual(first);
          }
          expect(await mvcc.readVersion(of(id), list.length + 1)).toBeNull();
          expect(await mvcc.latestVersion(of(id))).toBe(list.length);
        }
      }),
      some(100),
    );
  });

  it('MV3 of racing updates none is lost, however they interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, count) => {
        const store = create();
        const mvcc = new MVCCController<number>({ store: scheduledStore(store, scheduler) });
        const id = freshIds()('counter');
        let won = 0;
        const increment = async () => {
          const before = await mvcc.readVersion(id);
          const written = await mvcc
            .writeVersion(id, (before?.state ?? 0) + 1, before?.version ?? 0)
            .catch((error: unknown) => error);
          if (isMigrationError(written, 'CONCURRENCY_CONFLICT')) return;
          won++;
        };
        await scheduler.waitFor(Promise.all(Array.from({ length: count }, increment)));
        const last = await store.read(id);
        expect([last?.state, last?.version]).toEqual([won, won]);
        expect(won).toBeGreaterThan(0);
      }),
      some(100),
    );
  });

  it('MV4 MV6 MV7 transactions of every level, interleaved, see and leave what their level promises', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(program, { minLength: 2, maxLength: 5 }),
        async (scheduler, programs) => {
          const store = create();
          const of = freshIds();
          const mvcc = new MVCCController<string>({ store: scheduledStore(store, scheduler) });
          const transactions = await scheduler.waitFor(
            Promise.all(
              programs.map(({ steps, ...each }, index) =>
                execute(mvcc, `t${index}`, { ...each, steps: steps.map(({ kind, id }) => ({ kind, id: of(id) })) }),
              ),
            ),
          );
          expect(checkHistory(transactions, await finalVersions(store, names.map(of)))).toEqual([]);
        },
      ),
      some(300),
    );
  });

  it('MV5 no vacuum and no retention takes away what an open snapshot sees, however they interleave', async () => {
    const levels = fc.constantFrom<IsolationLevel>('repeatable_read', 'serializable');
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(levels, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.boolean(),
        async (scheduler, readers, keepVersions, retains) => {
          const store = create();
          const of = freshIds();
          const [a, b] = [of('a'), of('b')];
          const options = retains ? { retention: { versions: keepVersions } } : {};
          const mvcc = new MVCCController<number>({ store: scheduledStore(store, scheduler), ...options });
          const writer = async () => {
            for (let n = 1; n <= 4; n++) {
              const transaction = mvcc.begin({ isolationLevel: 'read_committed' });
              await transaction.write(a, n);
              await transaction.write(b, n);
              await transaction.commit();
              if (!retains) await mvcc.vacuum({ versions: keepVersions });
            }
          };
          const reader = async (isolationLevel: IsolationLevel) => {
            const transaction = mvcc.begin({ isolationLevel, readOnly: true });
            const first = await transaction.read(a);
            expect((await transaction.read(b))?.version).toBe(first?.version);
            expect(await transaction.read(a)).toEqual(first);
            await transaction.commit();
          };
          await scheduler.waitFor(Promise.all([writer(), ...readers.map(reader)]));
          expect((await store.read(a))?.state).toBe(4);
          await scheduler.waitFor(mvcc.vacuum({ versions: keepVersions }));
          expect(await store.history(a, { fromVersion: 1, limit: 10 })).toHaveLength(keepVersions);
        },
      ),
      some(200),
    );
  });
});
