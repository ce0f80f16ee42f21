import { areSame } from './compare-versions.ts';
import type { Identity } from './list-identity.ts';

type Items = readonly Identity[];

/** What tells whether an item is in a list: a Set, or a Map by item. */
export interface Members {
  has(item: Identity): boolean;
}

/** Items that both sides put in another order, each its own; in the order of each version. */
export interface OrderConflict {
  readonly base: Items;
  readonly local: Items;
  readonly remote: Items;
}

/**
 * One order for the items of two lists whose items have identities.
 *
 * - Items on both sides: where the sides disagree, the order of the side that moved them; stretches are judged apart, and
 *   one that both sides reordered differently stays in the base's order and is a conflict.
 * - Items on one side only follow the item that they follow there, or stand first or last as they do there.
 * - Where both sides have such items in one place, each side's stay together, the longer run first; if the list is sorted
 *   around there, they are sorted into each other. So content decides what comes first, never the side (CF3).
 *
 * Linear but for sorting the stretches in dispute. An order without a conflict keeps each pair of items as the side that
 * swapped it has it.
 *
 * @param inLocal - What is in the local list, where that is at hand; what the remote list has not may be in it too.
 * @param inRemote - The same of the remote list.
 */
export function mergeOrder(
  base: Items,
  local: Items,
  remote: Items,
  inLocal?: Members,
  inRemote?: Members,
): { order: readonly Identity[]; conflicts: readonly OrderConflict[] } {
  if (areSame(local, remote)) return { order: local, conflicts: [] };
  const { head, tail } = sameEnds(base, local, remote);
  const { order, conflicts } = mergeMiddles(
    base.slice(head, base.length - tail),
    local.slice(head, local.length - tail),
    remote.slice(head, remote.length - tail),
    inLocal ?? new Set(local),
    inRemote ?? new Set(remote),
  );
  return { order: local.slice(0, head).concat(order, local.slice(local.length - tail)), conflicts };
}

/** So many of the items that are the same in all versions stay at each end: by them what stands beside is placed. */
export const anchors = 8;

/** How many items are the same in all three from the start on, and how many up to the end; but for the {@link anchors}. */
function sameEnds(base: Items, local: Items, remote: Items): { head: number; tail: number } {
  const shortest = Math.min(base.length, local.length, remote.length);
  let head = 0;
  while (head < shortest && base[head] === local[head] && base[head] === remote[head]) head++;
  let tail = 0;
  for (; tail < shortest - head; tail++) {
    const last = base[base.length - 1 - tail];
    if (local[local.length - 1 - tail] !== last || remote[remote.length - 1 - tail] !== last) break;
  }
  return { head: Math.max(head - anchors, 0), tail: Math.max(tail - anchors, 0) };
}

function mergeMiddles(
  base: Items,
  local: Items,
  remote: Items,
  inLocal: Members,
  inRemote: Members,
): ReturnType<typeof mergeOrder> {
  const conflicts: OrderConflict[] = [];
  const spine = mergeShared(
    base,
    local.filter((item) => inRemote.has(item)),
    remote.filter((item) => inLocal.has(item)),
    conflicts,
  );
  return { order: assemble(spine, runsBetween(local, inRemote), runsBetween(remote, inLocal)), conflicts };
}

/**
 * Whether there is a place where both sides removed an item and each put others of its own: with items that are their
 * own identity, that is one item edited by both.
 */
export function isReplacedByBoth(
  [base, local, remote]: readonly [Items, Items, Items],
  [inBase, inLocal, inRemote]: readonly [Members, Members, Members],
): boolean {
  if (base.every((item) => inLocal.has(item) || inRemote.has(item))) return false;
  const shared = new Set(local.filter((item) => inRemote.has(item)));
  const [before, ofLocal, ofRemote] = [base, local, remote].map((items) => runsBetween(items, shared)) as [
    Runs,
    Runs,
    Runs,
  ];
  const isReplaced = (old: Items = [], one: Items = [], other: Items = []) =>
    old.some((item) => !inLocal.has(item) && !inRemote.has(item)) &&
    one.some((item) => !inBase.has(item)) &&
    other.some((item) => !inBase.has(item));
  return (
    isReplaced(before.first, ofLocal.first, ofRemote.first) ||
    isReplaced(before.last, ofLocal.last, ofRemote.last) ||
    [...before.after].some(([item, run]) => isReplaced(run, ofLocal.after.get(item), ofRemote.after.get(item)))
  );
}

/** The order of the items that both sides have. */
function mergeShared(base: Items, local: Items, remote: Items, conflicts: OrderConflict[]): Identity[] {
  const spine: Identity[] = [];
  // A stretch ends where both sides have had the same items: between stretches the sides agree.
  const open = new Set<Identity>();
  let baseIndex: ReadonlyMap<Identity, number> | undefined;
  let from = 0;
  for (let at = 0; at < local.length; at++) {
    if (local[at] !== remote[at]) {
      toggle(open, local[at]!);
      toggle(open, remote[at]!);
    }
    if (open.size > 0) continue;
    if (at === from) spine.push(local[at]!);
    else {
      baseIndex ??= new Map(base.map((item, index) => [item, index]));
      for (const item of judge(local.slice(from, at + 1), remote.slice(from, at + 1), baseIndex, conflicts))
        spine.push(item);
    }
    from = at + 1;
  }
  return spine;
}

const toggle = (items: Set<Identity>, item: Identity) => items.delete(item) || items.add(item);

/** One order for a stretch of the same items that the sides have in different orders. */
function judge(
  local: Items,
  remote: Items,
  baseIndex: ReadonlyMap<Identity, number>,
  conflicts: OrderConflict[],
): Items {
  const inBase = (items: Items) => items.filter((item) => baseIndex.has(item));
  const byBase = (a: Identity, b: Identity) => baseIndex.get(a)! - baseIndex.get(b)!;
  const localOrder = inBase(local);
  const remoteOrder = inBase(remote);
  const localMoved = !isSorted(localOrder, byBase);
  const remoteMoved = !isSorted(remoteOrder, byBase);
  if (localMoved !== remoteMoved) return localMoved ? local : remote;
  const first = local.findIndex((item, at) => item !== remote[at]);
  const chosen = compareIdentities(local[first]!, remote[first]!) < 0 ? local : remote;
  // Only items that both sides added are in different places.
  if (areSame(localOrder, remoteOrder)) return chosen;
  const baseOrder = localOrder.toSorted(byBase);
  conflicts.push({ base: baseOrder, local: localOrder, remote: remoteOrder });
  return assemble(baseOrder, runsBetween(chosen, new Set(baseOrder)), noRuns);
}

/** Rows of items that one side has alone, by the shared item that they follow. */
interface Runs {
  readonly first: Items;
  readonly after: ReadonlyMap<Identity, Items>;
  /** What stands behind the last shared item: stays at the end, wherever that item goes. */
  readonly last: Items;
}

const none: Items = [];
const noRuns: Runs = { first: none, after: new Map(), last: none };

function runsBetween(items: Items, shared: Members): Runs {
  const first: Identity[] = [];
  const after = new Map<Identity, Identity[]>();
  let run = first;
  let anchor: Identity | undefined;
  for (const item of items) {
    if (shared.has(item)) {
      if (anchor !== undefined && run.length > 0) after.set(anchor, run);
      anchor = item;
      run = [];
    } else run.push(item);
  }
  return anchor === undefined ? { first, after, last: [] } : { first, after, last: run };
}

function assemble(spine: Items, one: Runs, other: Runs): Identity[] {
  const order: Identity[] = [];
  addTo(order, spine, 0, one.first, other.first);
  for (let at = 0; at < spine.length; at++) {
    const item = spine[at]!;
    order.push(item);
    addTo(order, spine, at + 1, one.after.get(item), other.after.get(item));
  }
  addTo(order, spine, spine.length, one.last, other.last);
  return order;
}

function addTo(order: Identity[], spine: Items, place: number, one: Items = none, other: Items = none): void {
  for (const item of join(one, other, spine, place)) order.push(item);
}

/**
 * Two runs in one place: sorted into each other if the list is sorted around there, else one behind the other, the longer
 * first. The longer one is as a rule of the line that everyone works on, and the other joins it.
 */
function join(a: Items, b: Items, spine: Items, place: number): Items {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  // The neighbours show whether the list is sorted: one on either side, or several at an end.
  const near = place > 0 && place < spine.length ? 1 : anchors;
  const before = spine.slice(Math.max(place - near, 0), place);
  const after = spine.slice(place, place + near);
  const fits = (run: Items) => isSorted([...before, ...run, ...after]);
  if (spine.length > 1 && fits(a) && fits(b)) return [...a, ...b].sort(compareIdentities);
  const order = b.length - a.length || compareIdentities(a[0]!, b[0]!);
  return order < 0 ? [...a, ...b] : [...b, ...a];
}

const isSorted = (items: Items, compare: (a: Identity, b: Identity) => number = compareIdentities) =>
  items.every((item, at) => at === 0 || compare(items[at - 1]!, item) < 0);

/** Numbers before texts, texts as in a dictionary as far as case goes: the same on every machine, unlike a locale's order. */
function compareIdentities(a: Identity, b: Identity): number {
  if (typeof a === 'string' && typeof b === 'string') return compare(a.toLowerCase(), b.toLowerCase()) || compare(a, b);
  return typeof a === typeof b ? compare(a, b) : typeof a === 'number' ? -1 : 1;
}

const compare = (a: Identity, b: Identity) => (a < b ? -1 : a > b ? 1 : 0);
