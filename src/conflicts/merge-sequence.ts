import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { matchSequences } from './common-subsequence.ts';
import { isBalanced } from './sequence-balance.ts';

/** A stretch of a sequence: from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * A stretch of three sequences and what became of it: `unchanged`; changed by one side (`local`, `remote`); changed by
 * `both` to the same; or changed by both, differently (`conflict`).
 */
export interface MergedRange {
  readonly kind: 'unchanged' | 'local' | 'remote' | 'both' | 'conflict';
  readonly base: Range;
  readonly local: Range;
  readonly remote: Range;
}

/**
 * A three-way merge of sequences: stretches in order that together cover all three, whole and without overlap.
 *
 * Items are compared as the keys of a Map, so use text or numbers that stand for them. Edits of both sides that touch or
 * overlap are one conflict, as in diff3. A side that has all edits of the other is the result (CF6), unless it has something
 * that the other removed. Swapping the sides swaps `local` and `remote` and nothing else (CF3).
 *
 * Source: Khanna, Kunal, Pierce: A Formal Investigation of Diff3 (2007).
 */
export function mergeSequence<K>(versions: {
  readonly base: readonly K[];
  readonly local: readonly K[];
  readonly remote: readonly K[];
}): MergedRange[] {
  checkObject(versions, 'versions');
  const { base, local, remote } = versions;
  for (const [name, list] of Object.entries({ base, local, remote })) {
    if (!Array.isArray(list)) throw new InvalidArgumentError(name, 'a list', list);
  }
  const inLocal = matchSequences(base, local);
  const inRemote = matchSequences(base, remote);
  const ranges = rangesOf(versions, inLocal, inRemote);
  if (isAllOf('local', ranges) || isAllOf('remote', ranges)) return ranges;
  // Of a side that went on from the other, the same edits may be found in other places than there: looked for through it.
  const fromRemote = rangesOf(versions, throughOf(inRemote, matchSequences(remote, local)), inRemote);
  const fromLocal = rangesOf(versions, inLocal, throughOf(inLocal, matchSequences(local, remote)));
  const isFromRemote = isAllOf('local', fromRemote) && isBalanced(versions, local);
  const isFromLocal = isAllOf('remote', fromLocal) && isBalanced(versions, remote);
  if (isFromRemote === isFromLocal) return ranges;
  return isFromRemote ? fromRemote : fromLocal;
}

type Versions<K> = Parameters<typeof mergeSequence<K>>[0];

/** Whether this side has each edit of the other. */
function isAllOf(side: 'local' | 'remote', ranges: readonly MergedRange[]): boolean {
  return ranges.every(({ kind }) => kind === side || kind === 'unchanged' || kind === 'both');
}

/** The partners of the base's items in the one side, by way of their partners in the other. */
function throughOf(inOther: Int32Array, inOne: Int32Array): Int32Array {
  return inOther.map((at) => (at < 0 ? -1 : inOne[at]!));
}

function rangesOf<K>({ base, local, remote }: Versions<K>, inLocal: Int32Array, inRemote: Int32Array): MergedRange[] {
  const ranges: MergedRange[] = [];
  let start = { base: 0, local: 0, remote: 0 };
  const add = (kind: MergedRange['kind'], end: typeof start) => {
    ranges.push({
      kind,
      base: { start: start.base, end: end.base },
      local: { start: start.local, end: end.local },
      remote: { start: start.remote, end: end.remote },
    });
    start = end;
  };
  const addChanged = (end: typeof start) => {
    const localIsBase = equal(base, start.base, end.base, local, start.local, end.local);
    const remoteIsBase = equal(base, start.base, end.base, remote, start.remote, end.remote);
    if (localIsBase && remoteIsBase) {
      if (start.base < end.base) add('unchanged', end);
    } else if (localIsBase) add('remote', end);
    else if (remoteIsBase) add('local', end);
    else add(equal(local, start.local, end.local, remote, start.remote, end.remote) ? 'both' : 'conflict', end);
  };
  for (let at = 0; at < base.length; ) {
    if (inLocal[at]! < 0 || inRemote[at]! < 0) {
      at++;
      continue;
    }
    addChanged({ base: at, local: inLocal[at]!, remote: inRemote[at]! });
    // As far as both sides go on with the base's items.
    let length = 1;
    while (inLocal[at + length] === inLocal[at]! + length && inRemote[at + length] === inRemote[at]! + length) length++;
    add('unchanged', { base: at + length, local: inLocal[at]! + length, remote: inRemote[at]! + length });
    at += length;
  }
  addChanged({ base: base.length, local: local.length, remote: remote.length });
  return ranges;
}

function equal<K>(a: readonly K[], from: number, to: number, b: readonly K[], bFrom: number, bTo: number): boolean {
  if (to - from !== bTo - bFrom) return false;
  for (let i = 0; i < to - from; i++) if (!Object.is(a[from + i], b[bFrom + i])) return false;
  return true;
}
