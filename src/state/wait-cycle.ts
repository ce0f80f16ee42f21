import type { LockWait } from '../core/lock-errors.ts';
import type { LockWaiter } from './lock-queue.ts';

/**
 * The ring of waiting that a new waiter has closed, beginning with him; nothing if there is none. Looked for in the
 * wait-for graph, whose nodes are owners (Holt, "Some Deadlock Properties of Computer Systems", 1972).
 *
 * @param waitersOf - All that an owner waits for at the moment.
 */
export function findCycle(
  newcomer: LockWaiter,
  waitersOf: (owner: string) => Iterable<LockWaiter>,
): LockWait[] | undefined {
  const seen = new Set<string>();
  const covered = new Set<LockWaiter>();
  const path: LockWait[] = [];
  const leadsBack = (waiter: LockWaiter): boolean => {
    path.push({ owner: waiter.owner, aggregateId: waiter.queue.aggregateId });
    const { owners, waiters } = waiter.queue.before(waiter);
    const isBeforeItself = owners.delete(waiter.owner) && waiter.owner === newcomer.owner;
    // Whoever comes before an exclusive waiter waits, in that queue, for nobody but who comes before that one, too: without
    // this, a long queue would cost the square of its length.
    if (waiter.mode === 'exclusive' && !isBeforeItself) for (const each of waiters) covered.add(each);
    for (const owner of owners) {
      if (owner === newcomer.owner) return true;
      if (seen.has(owner)) continue;
      seen.add(owner);
      for (const next of waitersOf(owner)) if (!covered.has(next) && leadsBack(next)) return true;
    }
    path.pop();
    return false;
  };
  return leadsBack(newcomer) ? path : undefined;
}
