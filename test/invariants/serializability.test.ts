// MV8: whatever many concurrent transactions do, some order of them one after the other explains it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMigrationError } from '../../src/core/errors.ts';
import type { IsolationLevel } from '../../src/state/isolation-level.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { Transaction } from '../../src/state/transaction.ts';
import type { CommitRequest, VersionCheck, VersionStore } from '../../src/state/version-store.ts';
import { collect } from '../state/collect.ts';
import { freshIds, testStores } from '../state/stores.ts';
import { type Anomaly, findAnomalies, type ListStep, type ListTransaction } from './models/dependency-cycles.ts';
import { runs } from './runs.ts';
import { scheduledStore } from './scheduled-store.ts';

const keys = ['a', 'b', 'c', 'd', 'e'] as const;
const key = fc.constantFrom(...keys);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('scan' as const) }) },
);
type Step = { readonly kind: 'append' | 'read'; readonly key: string } | { readonly kind: 'scan' };
interface Program {
  readonly steps: readonly Step[];
  readonly rollsBack: boolean;
}
const program: fc.Arbitrary<Program> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  rollsBack: fc.nat(7).map((n) => n === 1),
});
/** At least 8 at once, and one that begins when another has ended. */
const programs = fc.array(program, { minLength: 8, maxLength: 12 });

type Lists = MVCCController<readonly string[]>;
type Ids = ReturnType<typeof freshIds>;

async function run(steps: readonly Step[], name: string, transaction: Transaction<readonly string[]>, of: Ids) {
  const done: ListStep[] = [];
  for (const [index, each] of steps.entries()) {
    if (each.kind === 'scan') {
      const found = new Map(
        await collect(transaction.scan(of.prefix), ({ aggregateId, state }) => [aggregateId, state]),
      );
      for (const one of keys) done.push({ kind: 'read', key: one, list: found.get(of(one)) ?? [] });
    } else if (each.kind === 'read') {
      done.push({ kind: 'read', key: each.key, list: (await transaction.read(of(each.key)))?.state ?? [] });
    } else {
      const value = `${name}.${index}`;
      if (transaction.isolationLevel === 'read_committed') {
        await transaction.updateWhere(of(each.key), (list) => [...list, value]);
      } else {
        await transaction.write(of(each.key), [...((await transaction.read(of(each.key)))?.state ?? []), value]);
      }
      done.push({ kind: 'append', key: each.key, value });
    }
  }
  return done;
}

/** Runs all at once, as the scheduler likes, and gives the anomalies of what came of it. */
async function anomaliesOf(
  store: VersionStore,
  level: IsolationLevel,
  all: readonly Program[],
  scheduler: fc.Scheduler,
): Promise<{ anomalies: Anomaly[]; committed: number }> {
  const of = freshIds();
  const plain: Lists = new MVCCController({ store });
  if (level === 'read_committed') for (const one of keys) await plain.writeVersion(of(one), []);
  const mvcc: Lists = new MVCCController({ store: scheduledStore(store, scheduler) });
  let moment = 0;
  const execute = async ({ steps, rollsBack }: Program, name: string): Promise<ListTransaction> => {
    await scheduler.schedule(Promise.resolve(), `begin ${name}`);
    const began = ++moment;
    const transaction = mvcc.begin({ isolationLevel: level });
    const done = await run(steps, name, transaction, of);
    let isCommitted = !rollsBack;
    if (rollsBack) await transaction.rollback();
    else {
      await transaction.commit().catch((error: unknown) => {
        if (!isMigrationError(error, 'CONCURRENCY_CONFLICT')) throw error;
        isCommitted = false;
      });
    }
    return { name, isCommitted, steps: done, began, ended: ++moment };
  };
  const transactions = await scheduler.waitFor(Promise.all(all.map((each, index) => execute(each, `t${index}`))));
  const final = new Map<string, readonly string[]>();
  for (const one of keys) final.set(one, (await plain.readVersion(of(one)))?.state ?? []);
  return {
    anomalies: findAnomalies(transactions, final),
    committed: transactions.filter(({ isCommitted }) => isCommitted).length,
  };
}

/** What the levels leave possible: of real time only where it makes no other cycle, of read_committed all but dirt and loss. */
const allowed: Partial<Record<IsolationLevel, readonly Anomaly['kind'][]>> = {
  repeatable_read: ['G2', 'real time'],
  read_committed: ['G2', 'G-single', 'real time'],
};

describe.each(testStores('serializability'))('histories of lists on $kind', ({ create, share }) => {
  const some = (count: number) => runs(Math.ceil(count * share));

  it.each([
    [
      'MV8 serializable transactions are as if one had run after the other, in the order in which they ended',
      'serializable',
    ],
    ['MV4 repeatable_read loses no update and reads no two moments', 'repeatable_read'],
    ['MV4 read_committed reads nothing dirty, and loses no update over many', 'read_committed'],
  ] as const)('%s', async (_title, level) => {
    let [total, successes] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), programs, async (scheduler, all) => {
        const { anomalies, committed } = await anomaliesOf(create(), level, all, scheduler);
        total += all.length;
        successes += committed;
        expect(anomalies.filter(({ kind }) => !allowed[level]?.includes(kind))).toEqual([]);
      }),
      some(100),
    );
    // If most were refused, it would prove little.
    expect(successes / total).toBeGreaterThan(0.2);
  });
});

/** The kinds of anomalies in up to so many histories, until there is one that is not allowed. */
async function kindsIn(count: number, level: IsolationLevel, create: () => VersionStore) {
  const kinds = new Set<Anomaly['kind']>();
  const property = fc.asyncProperty(fc.scheduler(), programs, async (scheduler, all) => {
    for (const { kind } of (await anomaliesOf(create(), level, all, scheduler)).anomalies) kinds.add(kind);
    return [...kinds].every((kind) => allowed[level]?.includes(kind));
  });
  await fc.check(property, { numRuns: count, endOnFailure: true });
  return kinds;
}

/** A store that takes some checks for granted. */
function careless(checked: (check: VersionCheck, request: CommitRequest) => boolean): VersionStore {
  const store = new MemoryVersionStore();
  const commit = store.commit.bind(store);
  store.commit = (request) => commit({ ...request, checks: request.checks.filter((check) => checked(check, request)) });
  return store;
}
const isWritten = (check: VersionCheck, { writes }: CommitRequest) =>
  'aggregateId' in check && writes.some(({ aggregateId }) => aggregateId === check.aggregateId);

describe('the checker', () => {
  it.each([
    ['nothing is checked', () => false],
    ['only what is written is checked', isWritten],
    [
      'only what is not written is checked',
      (check: VersionCheck, request: CommitRequest) => !isWritten(check, request),
    ],
    ['scans are not checked', (check: VersionCheck) => !('prefix' in check)],
  ] as const)('MV8 finds within 200 histories that %s', async (_what, checked) => {
    const kinds = await kindsIn(200, 'serializable', () => careless(checked));
    expect(kinds).not.toEqual(new Set());
  });

  it('finds within 200 histories that a lost update is possible where what is written is not checked', async () => {
    const kinds = await kindsIn(200, 'repeatable_read', () => careless(() => false));
    expect([...kinds]).toContain('lost append');
  });

  it('finds within 200 histories that repeatable_read allows write skew', async () => {
    expect([...(await kindsIn(200, 'repeatable_read', () => new MemoryVersionStore()))]).toContain('G2');
  });

  it('finds each anomaly in a history that has it', () => {
    const at = (name: string, steps: ListStep[], isCommitted = true) => ({
      name,
      steps,
      isCommitted,
      began: 1,
      ended: 2,
    });
    const append = (on: string, value: string): ListStep => ({ kind: 'append', key: on, value });
    const read = (on: string, ...list: string[]): ListStep => ({ kind: 'read', key: on, list });
    const kinds = (transactions: ListTransaction[], final: Record<string, string[]>) => [
      ...new Set(findAnomalies(transactions, new Map(Object.entries(final))).map(({ kind }) => kind)),
    ];
    const [x1, y1] = [append('x', '1'), append('y', '1y')];
    expect(
      kinds([at('A', [x1, y1]), at('B', [append('x', '2'), append('y', '2y')])], { x: ['1', '2'], y: ['2y', '1y'] }),
    ).toEqual(['G0']);
    expect(kinds([at('A', [x1], false), at('B', [read('x', '1')])], { x: ['1'] })).toContain('G1a');
    expect(kinds([at('A', [x1, append('x', '2')]), at('B', [read('x', '1')])], { x: ['1', '2'] })).toContain('G1b');
    expect(kinds([at('A', [x1, read('y', '1y')]), at('B', [y1, read('x', '1')])], { x: ['1'], y: ['1y'] })).toEqual([
      'G1c',
    ]);
    expect(kinds([at('A', [x1, y1]), at('B', [read('x'), read('y', '1y')])], { x: ['1'], y: ['1y'] })).toEqual([
      'G-single',
    ]);
    expect(kinds([at('A', [read('x'), y1]), at('B', [read('y'), x1])], { x: ['1'], y: ['1y'] })).toEqual(['G2']);
    expect(kinds([at('A', [x1, read('x')])], { x: ['1'] })).toContain('internal');
    expect(kinds([at('A', [x1])], { x: [] })).toEqual(['lost append']);
    const late = { ...at('B', [read('x')]), began: 3, ended: 4 };
    expect(kinds([at('A', [x1]), late], { x: ['1'] })).toContain('real time');
    expect(kinds([at('A', [x1]), at('B', [read('x', '1'), append('x', '2')])], { x: ['1', '2'] })).toEqual([]);
  });
});
