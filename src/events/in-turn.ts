/**
 * Does work for one item after another. Waits only where the work gives a promise: if it never does, all is done when this
 * returns, as a transaction on a synchronous database needs it.
 */
export function inTurn<T>(items: readonly T[], work: (item: T) => void | Promise<void>): void | Promise<void> {
  for (const [index, item] of items.entries()) {
    const pending = work(item);
    if (pending instanceof Promise) return pending.then(() => inTurnAwaiting(items.slice(index + 1), work));
  }
}

async function inTurnAwaiting<T>(items: readonly T[], work: (item: T) => void | Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}
