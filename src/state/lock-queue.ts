import type { LockMode } from './lock-manager.ts';

/** Somebody in the queue of a lock. */
export interface LockWaiter {
  readonly owner: string;
  readonly mode: LockMode;
  readonly queue: LockQueue;
  /** Called once it is his. */
  granted(): void;
}

/** How often an owner holds a lock in each mode. */
type Holding = Record<LockMode, number>;

/** The lock of one aggregate: who holds it, and who waits for it in which order. */
export class LockQueue {
  readonly aggregateId: string;
  readonly #holders = new Map<string, Holding>();
  readonly #waiters: LockWaiter[] = [];

  constructor(aggregateId: string) {
    this.aggregateId = aggregateId;
  }

  /** Takes it at once, if its owner need not wait. */
  take(owner: string, mode: LockMode): boolean {
    // Whoever holds it overtakes those that wait: they wait for him.
    if (!this.#isFree(owner, mode) || (this.#waiters.length > 0 && !this.#holders.has(owner))) return false;
    this.#grant(owner, mode);
    return true;
  }

  /**
   * Waits behind all others; but whoever holds it already, before those who don't, and whoever waits already, behind his
   * last: the others between them wait for him anyway, and he would wait for them in a ring.
   */
  enter(waiter: LockWaiter): void {
    const { owner } = waiter;
    const own = this.#waiters.findLastIndex((other) => other.owner === owner);
    const firstStranger = this.#holders.has(owner) ? this.#waiters.findIndex((it) => !this.#holders.has(it.owner)) : -1;
    const place = own >= 0 ? own + 1 : firstStranger >= 0 ? firstStranger : this.#waiters.length;
    this.#waiters.splice(place, 0, waiter);
  }

  /** Waits no longer. */
  leave(waiter: LockWaiter): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    this.#advance();
  }

  release(owner: string, mode: LockMode): void {
    const holding = this.#holders.get(owner)!;
    holding[mode]--;
    if (holding.exclusive + holding.shared === 0) this.#holders.delete(owner);
    this.#advance();
  }

  /** Whom a waiter waits for: those who hold it, and those who come before him, in a mode that does not go with his. */
  before(waiter: LockWaiter): { owners: Set<string>; waiters: LockWaiter[] } {
    const isExclusive = waiter.mode === 'exclusive';
    const holders = [...this.#holders].filter(([, { exclusive }]) => isExclusive || exclusive > 0);
    const waiters = this.#waiters
      .slice(0, this.#waiters.indexOf(waiter))
      .filter(({ mode }) => isExclusive || mode === 'exclusive');
    return { owners: new Set([...holders.map(([holder]) => holder), ...waiters.map(({ owner }) => owner)]), waiters };
  }

  get isIdle(): boolean {
    return this.#holders.size === 0 && this.#waiters.length === 0;
  }

  #isFree(owner: string, mode: LockMode): boolean {
    for (const [holder, { exclusive }] of this.#holders) {
      if (holder !== owner && (mode === 'exclusive' || exclusive > 0)) return false;
    }
    return true;
  }

  #grant(owner: string, mode: LockMode): void {
    const holding = this.#holders.get(owner) ?? { exclusive: 0, shared: 0 };
    this.#holders.set(owner, holding);
    holding[mode]++;
  }

  #advance(): void {
    for (let first = this.#waiters[0]; first && this.#isFree(first.owner, first.mode); first = this.#waiters[0]) {
      this.#waiters.shift();
      this.#grant(first.owner, first.mode);
      first.granted();
    }
  }
}
