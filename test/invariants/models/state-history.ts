import type { IsolationLevel } from '../../../src/state/isolation-level.ts';

/** What a transaction did: the reads in order, and what it wrote if it committed. */
export interface RecordedTransaction {
  readonly name: string;
  readonly isolationLevel: IsolationLevel;
  readonly outcome: 'committed' | 'conflict' | 'rolled back';
  /** Each value read, or undefined where there was none; its own writes left out. */
  readonly reads: readonly { readonly id: string; readonly value: string | undefined }[];
  readonly writes: ReadonlyMap<string, string>;
}

/** A version as the storage holds it in the end. */
export interface FinalVersion {
  readonly id: string;
  readonly version: number;
  readonly sequence: number;
  readonly value: string;
}

type World = ReadonlyMap<string, string>;

/** The promises of the isolation levels, as what must hold between the transactions and the versions they left. */
export function checkHistory(transactions: readonly RecordedTransaction[], final: readonly FinalVersion[]): string[] {
  const sequences = [...new Set(final.map(({ sequence }) => sequence))].toSorted((a, b) => a - b);
  const commits = sequences.map((sequence) => final.filter((version) => version.sequence === sequence));
  /** The world after so many commits. */
  const worlds: World[] = [new Map()];
  for (const commit of commits) {
    worlds.push(new Map([...worlds.at(-1)!, ...commit.map(({ id, value }) => [id, value] as const)]));
  }
  return [
    ...checkAtomicity(transactions, commits),
    ...transactions.flatMap((transaction) => checkReads(transaction, worlds, commits)),
  ];
}

function checkAtomicity(transactions: readonly RecordedTransaction[], commits: readonly FinalVersion[][]): string[] {
  const found = commits.map((commit) => describeWrites(commit.map(({ id, value }) => [id, value])));
  const expected = transactions
    .filter(({ outcome, writes }) => outcome === 'committed' && writes.size > 0)
    .map(({ writes }) => describeWrites([...writes]));
  const same = JSON.stringify(found.toSorted()) === JSON.stringify(expected.toSorted());
  return same ? [] : [`committed ${JSON.stringify(expected)}, stored ${JSON.stringify(found)}`];
}

const describeWrites = (writes: (readonly [string, string])[]) =>
  writes.map(([id, value]) => `${id}=${value}`).toSorted();

function checkReads(
  { name, isolationLevel, outcome, reads, writes }: RecordedTransaction,
  worlds: readonly World[],
  commits: readonly FinalVersion[][],
): string[] {
  const sees = (world: World) => reads.every(({ id, value }) => world.get(id) === value);
  const own = commits.findIndex((commit) => commit.some(({ id, value }) => writes.get(id) === value));
  const before = own < 0 ? worlds.length - 1 : own;
  if (isolationLevel === 'read_committed' || isolationLevel === 'read_uncommitted') {
    const strays = reads.filter(({ id, value }) => !worlds.some((world) => world.get(id) === value));
    return strays.map(({ id, value }) => `${name} read ${value} of ${id}, which was never committed`);
  }
  const snapshots = worlds.flatMap((world, index) => (index <= before && sees(world) ? [index] : []));
  if (snapshots.length === 0) return [`${name} read ${JSON.stringify(reads)}, which never was the state of the world`];
  if (outcome !== 'committed' || writes.size === 0) return [];
  if (isolationLevel === 'serializable') {
    return sees(worlds[before]!) ? [] : [`${name} read what was no longer true when it committed`];
  }
  const changed = (from: number) =>
    commits.slice(from, before).some((commit) => commit.some(({ id }) => writes.has(id)));
  return snapshots.every(changed) ? [`${name} overwrote what it had not seen`] : [];
}
