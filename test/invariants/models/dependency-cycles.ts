// After Elle (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations", VLDB 2020):
// transactions append to lists, so that a list tells in what order its versions came, and what a transaction read tells
// which transactions must be before it (ww, wr) and after it (rw). A cycle of these is an anomaly (Adya).

/** What a transaction did with one list. */
export type ListStep =
  | { readonly kind: 'append'; readonly key: string; readonly value: string }
  | { readonly kind: 'read'; readonly key: string; readonly list: readonly string[] };

/** What a transaction did, in its order, and when in the run. */
export interface ListTransaction {
  readonly name: string;
  readonly isCommitted: boolean;
  readonly steps: readonly ListStep[];
  /** Moments of the run: whoever has ended before another began comes before it. */
  readonly began: number;
  readonly ended: number;
}

/** An anomaly by its name, and where. */
export interface Anomaly {
  readonly kind: 'G0' | 'G1a' | 'G1b' | 'G1c' | 'G-single' | 'G2' | 'internal' | 'lost append' | 'real time' | 'order';
  readonly detail: string;
}

type EdgeKind = 'ww' | 'wr' | 'rw' | 'rt';
interface Edge {
  readonly kind: EdgeKind;
  readonly from: string;
  readonly to: string;
}

/** The anomalies of a run, from what its transactions did and the lists that were there in the end. */
export function findAnomalies(
  transactions: readonly ListTransaction[],
  final: ReadonlyMap<string, readonly string[]>,
): Anomaly[] {
  const writers = new Map<string, ListTransaction>();
  for (const transaction of transactions) {
    for (const step of transaction.steps) if (step.kind === 'append') writers.set(step.value, transaction);
  }
  const external = new Map(transactions.map((transaction) => [transaction, externalReads(transaction)]));
  return [
    ...transactions.flatMap(internalAnomalies),
    ...[...external].flatMap(([transaction, reads]) => dirtyReads(transaction, reads, { writers, final })),
    ...appendAnomalies(transactions, final, writers),
    ...cycles(edges(transactions, external, { writers, final })),
  ];
}

type Read = readonly [key: string, list: readonly string[]];

/** What a transaction read before it appended to the list itself. */
function externalReads({ steps }: ListTransaction): Read[] {
  const appended = new Set<string>();
  return steps.flatMap((step): Read[] => {
    if (step.kind === 'append') appended.add(step.key);
    return step.kind === 'append' || appended.has(step.key) ? [] : [[step.key, step.list]];
  });
}

/** Whether it read back what it appended. */
function internalAnomalies({ name, steps }: ListTransaction): Anomaly[] {
  const appended = new Map<string, string[]>();
  return steps.flatMap((step): Anomaly[] => {
    const own = appended.get(step.key) ?? [];
    appended.set(step.key, own);
    if (step.kind === 'append') own.push(step.value);
    else if (own.some((value, index) => step.list[step.list.length - own.length + index] !== value)) {
      return [{ kind: 'internal', detail: `${name} read [${step.list}] of ${step.key} after it appended ${own}` }];
    }
    return [];
  });
}

interface Lists {
  readonly writers: ReadonlyMap<string, ListTransaction>;
  readonly final: ReadonlyMap<string, readonly string[]>;
}

function dirtyReads(transaction: ListTransaction, reads: readonly Read[], { writers, final }: Lists): Anomaly[] {
  const { name } = transaction;
  return reads.flatMap(([key, list]): Anomaly[] => {
    const anomalies: Anomaly[] = [];
    const aborted = list.find((value) => !writers.get(value)?.isCommitted);
    if (aborted !== undefined) anomalies.push({ kind: 'G1a', detail: `${name} read ${aborted} of ${key}` });
    const last = list.at(-1);
    const others = last === undefined ? [] : appendsOf(writers.get(last), key);
    if (others.includes(last!) && others.at(-1) !== last) {
      anomalies.push({ kind: 'G1b', detail: `${name} read ${key} up to ${last}, which is half of a transaction` });
    }
    const order = final.get(key) ?? [];
    if (list.some((value, index) => order[index] !== value)) {
      anomalies.push({ kind: 'order', detail: `${name} read [${list}] of ${key}, which ended as [${order}]` });
    }
    return anomalies;
  });
}

const appendsOf = (transaction: ListTransaction | undefined, key: string) =>
  (transaction?.steps ?? []).flatMap((step) => (step.kind === 'append' && step.key === key ? [step.value] : []));

/** Whether all that was committed is there once, and nothing else. */
function appendAnomalies(
  transactions: readonly ListTransaction[],
  final: ReadonlyMap<string, readonly string[]>,
  writers: ReadonlyMap<string, ListTransaction>,
): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const { name, isCommitted, steps } of transactions) {
    for (const step of steps) {
      if (step.kind !== 'append') continue;
      const times = (final.get(step.key) ?? []).filter((value) => value === step.value).length;
      if (isCommitted && times !== 1) {
        anomalies.push({ kind: 'lost append', detail: `${step.value} of ${name} is ${times} times in ${step.key}` });
      }
    }
  }
  for (const [key, list] of final) {
    const aborted = list.find((value) => !writers.get(value)?.isCommitted);
    if (aborted !== undefined) anomalies.push({ kind: 'G1a', detail: `${aborted} stayed in ${key}` });
  }
  return anomalies;
}

function edges(
  transactions: readonly ListTransaction[],
  external: ReadonlyMap<ListTransaction, readonly Read[]>,
  { writers, final }: Lists,
): Edge[] {
  const found: Edge[] = [];
  const add = (kind: EdgeKind, from: ListTransaction | undefined, to: ListTransaction | undefined) => {
    if (from?.isCommitted && to?.isCommitted && from !== to) found.push({ kind, from: from.name, to: to.name });
  };
  for (const list of final.values()) {
    for (let index = 1; index < list.length; index++)
      add('ww', writers.get(list[index - 1]!), writers.get(list[index]!));
  }
  for (const [reader, reads] of external) {
    for (const [key, list] of reads) {
      if (list.length > 0) add('wr', writers.get(list.at(-1)!), reader);
      // The next that is not the reader's own: its own append is after what it read, and the next is after that.
      const next = (final.get(key) ?? []).slice(list.length).find((value) => writers.get(value) !== reader);
      if (next !== undefined) add('rw', reader, writers.get(next));
    }
  }
  for (const one of transactions) for (const two of transactions) if (one.ended < two.began) add('rt', one, two);
  return found;
}

/** Each edge that closes a cycle, by the name of the least such cycle. */
function cycles(all: readonly Edge[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const edge of all) {
    const describe = (path: readonly Edge[]) =>
      [edge, ...path].map(({ kind, from, to }) => `${from} -${kind}→ ${to}`).join(', ');
    const close = (kind: Anomaly['kind'], ...kinds: EdgeKind[]) => {
      const path = findPath(
        all.filter((each) => kinds.includes(each.kind)),
        edge.to,
        edge.from,
      );
      if (path) anomalies.push({ kind, detail: describe(path) });
      return path !== undefined;
    };
    if (edge.kind === 'ww') close('G0', 'ww');
    else if (edge.kind === 'wr') close('G1c', 'ww', 'wr');
    else if (edge.kind === 'rt') close('real time', 'ww', 'wr', 'rw', 'rt');
    else if (!close('G-single', 'ww', 'wr')) close('G2', 'ww', 'wr', 'rw');
  }
  return anomalies;
}

function findPath(all: readonly Edge[], from: string, to: string): Edge[] | undefined {
  const came = new Map<string, Edge | undefined>([[from, undefined]]);
  const queue = [from];
  for (const name of queue) {
    if (name === to) {
      const path: Edge[] = [];
      for (let edge = came.get(to); edge; edge = came.get(edge.from)) path.unshift(edge);
      return path;
    }
    for (const edge of all) {
      if (edge.from !== name || came.has(edge.to)) continue;
      came.set(edge.to, edge);
      queue.push(edge.to);
    }
  }
  return undefined;
}
