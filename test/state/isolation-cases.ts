// The cases of Hermitage by Martin Kleppmann (CC-BY 4.0), https://github.com/ept/hermitage, as sequences in one process:
// two aggregates that begin at 10 and 20. Where a database would make a transaction wait, here the first to commit wins.

/** A transaction of whoever is put to the test. */
export interface SubjectTransaction {
  get(id: string): Promise<number | undefined>;
  put(id: string, value: number): Promise<void>;
  /** What there is. */
  all(): Promise<(number | undefined)[]>;
  /** The ids of those for which it holds. */
  where(predicate: (value: number) => boolean): Promise<string[]>;
  updateAll(change: (value: number) => number): Promise<void>;
  deleteWhere(predicate: (value: number) => boolean): Promise<void>;
  commit(): Promise<'committed' | 'aborted'>;
  rollback(): Promise<void>;
}

/** Whoever is put to the test, with `1` at 10 and `2` at 20. */
export interface Subject {
  /** Its snapshot, if it has one, is of now. */
  begin(): Promise<SubjectTransaction>;
  /** What is committed. */
  final(): Promise<Record<string, number>>;
}

/** The levels of the table. */
export type Level = 'RC' | 'SI' | 'SER';

export interface IsolationCase {
  readonly name: string;
  /** `r` read, `q` predicate read, `w` write, `i` insert, `d` delete-where, `c` commit, `a` abort; digit = transaction. */
  readonly sequence: string;
  readonly usesPredicates: boolean;
  /** What was seen: values read in order, outcomes of commits, and what is committed in the end. */
  run(subject: Subject): Promise<unknown>;
  readonly expected: Readonly<Record<Level, unknown>>;
  /** The levels at which the anomaly happens. */
  readonly allowed: readonly Level[];
}

const same = (outcome: unknown) => ({ RC: outcome, SI: outcome, SER: outcome });
const snapshots = (outcome: unknown) => ({ SI: outcome, SER: outcome });
const [committed, aborted] = ['committed', 'aborted'] as const;

export const isolationCases: readonly IsolationCase[] = [
  {
    name: 'G0',
    sequence: 'w1(1,11) w2(1,12) w1(2,21) c1 w2(2,22) c2',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.put('1', 11);
      await t2.put('1', 12);
      await t1.put('2', 21);
      const first = await t1.commit();
      const between = await subject.final();
      await t2.put('2', 22);
      return [first, between, await t2.commit(), await subject.final()];
    },
    expected: {
      RC: [committed, { 1: 11, 2: 21 }, committed, { 1: 12, 2: 22 }],
      ...snapshots([committed, { 1: 11, 2: 21 }, aborted, { 1: 11, 2: 21 }]),
    },
    allowed: [],
  },
  {
    name: 'G1a',
    sequence: 'w1(1,101) r2(1) a1 r2(1) c2',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.put('1', 101);
      const first = await t2.get('1');
      await t1.rollback();
      return [first, await t2.get('1'), await t2.commit(), await subject.final()];
    },
    expected: same([10, 10, committed, { 1: 10, 2: 20 }]),
    allowed: [],
  },
  {
    name: 'G1b',
    sequence: 'w1(1,101) r2(1) w1(1,11) c1 r2(1) c2',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.put('1', 101);
      const first = await t2.get('1');
      await t1.put('1', 11);
      await t1.commit();
      return [first, await t2.get('1'), await t2.commit()];
    },
    expected: { RC: [10, 11, committed], ...snapshots([10, 10, committed]) },
    allowed: [],
  },
  {
    name: 'G1c',
    sequence: 'w1(1,11) w2(2,22) r1(2) r2(1) c1 c2',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.put('1', 11);
      await t2.put('2', 22);
      const read = [await t1.get('2'), await t2.get('1')];
      return [...read, await t1.commit(), await t2.commit()];
    },
    expected: {
      RC: [20, 10, committed, committed],
      SI: [20, 10, committed, committed],
      SER: [20, 10, committed, aborted],
    },
    allowed: [],
  },
  {
    name: 'OTV',
    sequence: 'w1(1,11) w1(2,19) w2(1,12) c1 r3(1) w2(2,18) r3(2) c2 r3(2) r3(1) c3',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2, t3] = [await subject.begin(), await subject.begin(), await subject.begin()];
      await t1.put('1', 11);
      await t1.put('2', 19);
      await t2.put('1', 12);
      await t1.commit();
      const read = [await t3.get('1')];
      await t2.put('2', 18);
      read.push(await t3.get('2'));
      const second = await t2.commit();
      read.push(await t3.get('2'), await t3.get('1'));
      return [...read, second, await t3.commit()];
    },
    expected: { RC: [11, 19, 18, 12, committed, committed], ...snapshots([10, 20, 20, 10, aborted, committed]) },
    allowed: [],
  },
  {
    name: 'PMP',
    sequence: 'q1(v=30) i2(3,30) c2 q1(v%3=0) c1',
    usesPredicates: true,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      const first = await t1.where((value) => value === 30);
      await t2.put('3', 30);
      await t2.commit();
      return [first, await t1.where((value) => value % 3 === 0), await t1.commit()];
    },
    expected: { RC: [[], ['3'], committed], ...snapshots([[], [], committed]) },
    allowed: ['RC'],
  },
  {
    name: 'PMP-w',
    sequence: 'w1(all v+=10) d2(v=20) c1 c2 q',
    usesPredicates: true,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.updateAll((value) => value + 10);
      await t2.deleteWhere((value) => value === 20);
      return [await t1.commit(), await t2.commit(), await subject.final()];
    },
    // Decided anew at the commit, the delete finds the 20 that was a 10.
    expected: { RC: [committed, committed, { 2: 30 }], ...snapshots([committed, aborted, { 1: 20, 2: 30 }]) },
    allowed: [],
  },
  {
    name: 'P4',
    sequence: 'r1(1) r2(1) w1(1,11) w2(1,11) c1 c2',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      const read = [await t1.get('1'), await t2.get('1')];
      await t1.put('1', 11);
      await t2.put('1', 11);
      return [...read, await t1.commit(), await t2.commit()];
    },
    expected: { RC: [10, 10, committed, committed], ...snapshots([10, 10, committed, aborted]) },
    allowed: ['RC'],
  },
  {
    name: 'G-single',
    sequence: 'r1(1) r2(1) r2(2) w2(1,12) w2(2,18) c2 r1(2) c1',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      const read = [await t1.get('1')];
      await t2.get('1');
      await t2.get('2');
      await t2.put('1', 12);
      await t2.put('2', 18);
      await t2.commit();
      return [...read, await t1.get('2'), await t1.commit()];
    },
    expected: { RC: [10, 18, committed], ...snapshots([10, 20, committed]) },
    allowed: ['RC'],
  },
  {
    name: 'G-single-p',
    sequence: 'q1(v%5=0) w2(v=10→12) c2 q1(v%3=0)',
    usesPredicates: true,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      const first = await t1.where((value) => value % 5 === 0);
      await t2.updateAll((value) => (value === 10 ? 12 : value));
      await t2.commit();
      return [first, await t1.where((value) => value % 3 === 0), await t1.commit()];
    },
    expected: { RC: [['1', '2'], ['1'], committed], ...snapshots([['1', '2'], [], committed]) },
    allowed: ['RC'],
  },
  {
    name: 'G-single-w',
    sequence: 'r1(1) q2(all) w2(1,12) w2(2,18) c2 d1(v=20) c1',
    usesPredicates: true,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.get('1');
      await t2.where(() => true);
      await t2.put('1', 12);
      await t2.put('2', 18);
      await t2.commit();
      await t1.deleteWhere((value) => value === 20);
      return [await t1.commit(), await subject.final()];
    },
    expected: { RC: [committed, { 1: 12, 2: 18 }], ...snapshots([aborted, { 1: 12, 2: 18 }]) },
    allowed: ['RC'],
  },
  {
    name: 'G2-item',
    sequence: 'r1(1,2) r2(1,2) w1(1,11) w2(2,21) c1 c2',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      for (const transaction of [t1, t2]) for (const id of ['1', '2']) await transaction.get(id);
      await t1.put('1', 11);
      await t2.put('2', 21);
      return [await t1.commit(), await t2.commit(), await subject.final()];
    },
    expected: {
      RC: [committed, committed, { 1: 11, 2: 21 }],
      SI: [committed, committed, { 1: 11, 2: 21 }],
      SER: [committed, aborted, { 1: 11, 2: 20 }],
    },
    allowed: ['RC', 'SI'],
  },
  {
    name: 'G2',
    sequence: 'q1(v%3=0) q2(v%3=0) i1(3,30) i2(4,42) c1 c2',
    usesPredicates: true,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      for (const transaction of [t1, t2]) await transaction.where((value) => value % 3 === 0);
      await t1.put('3', 30);
      await t2.put('4', 42);
      return [await t1.commit(), await t2.commit(), await subject.final()];
    },
    expected: {
      RC: [committed, committed, { 1: 10, 2: 20, 3: 30, 4: 42 }],
      SI: [committed, committed, { 1: 10, 2: 20, 3: 30, 4: 42 }],
      SER: [committed, aborted, { 1: 10, 2: 20, 3: 30 }],
    },
    allowed: ['RC', 'SI'],
  },
  {
    name: 'G2-Fekete',
    sequence: 'q1(all) w2(2,+5) c2 q3(all)→10,25 c3 w1(1,0) c1',
    usesPredicates: false,
    async run(subject) {
      const [t1, t2] = [await subject.begin(), await subject.begin()];
      await t1.all();
      await t2.put('2', ((await t2.get('2')) ?? 0) + 5);
      await t2.commit();
      const t3 = await subject.begin();
      const seen = await t3.all();
      const third = await t3.commit();
      await t1.put('1', 0);
      return [seen, third, await t1.commit(), await subject.final()];
    },
    expected: {
      RC: [[10, 25], committed, committed, { 1: 0, 2: 25 }],
      SI: [[10, 25], committed, committed, { 1: 0, 2: 25 }],
      SER: [[10, 25], committed, aborted, { 1: 10, 2: 25 }],
    },
    allowed: ['RC', 'SI'],
  },
];
