import { expect } from 'vitest';
import type { LockWait } from '../../../src/core/lock-errors.ts';
import type { LockMode } from '../../../src/state/lock-manager.ts';

interface Asked {
  readonly id: string;
  readonly mode: LockMode;
  readonly since: number;
}

const clash = (one: LockMode, other: LockMode) => one === 'exclusive' || other === 'exclusive';

/** Watches who asks for locks and who gets them, and knows by the plainest code what may happen. One call an owner at a time. */
export class LockWitness {
  readonly #held: { owner: string; id: string; mode: LockMode }[] = [];
  readonly #asked = new Map<string, Asked>();
  #time = 0;

  asks(owner: string, id: string, mode: LockMode): void {
    this.#asked.set(owner, { id, mode, since: ++this.#time });
  }

  givesUp(owner: string): void {
    this.#asked.delete(owner);
  }

  gets(owner: string, id: string, mode: LockMode): void {
    const { since } = this.#asked.get(owner) ?? { since: this.#time };
    this.#asked.delete(owner);
    const others = this.#held.filter((lock) => lock.id === id && lock.owner !== owner);
    expect(others.filter((lock) => clash(lock.mode, mode))).toEqual([]);
    const hadIt = this.#held.some((lock) => lock.id === id && lock.owner === owner);
    if (!hadIt) {
      const overtaken = [...this.#asked].filter(([, asked]) => asked.id === id && asked.since < since);
      expect(overtaken).toEqual([]);
    }
    this.#held.push({ owner, id, mode });
  }

  releases(owner: string, id: string, mode: LockMode): void {
    const index = this.#held.findIndex((lock) => lock.owner === owner && lock.id === id && lock.mode === mode);
    this.#held.splice(index, 1);
  }

  /** Each of the ring waits for the next: who holds what he asks for, or has asked for it before him. */
  confirms(owner: string, cycle: readonly LockWait[]): void {
    expect(cycle[0]?.owner).toBe(owner);
    expect(cycle.length).toBeGreaterThan(1);
    expect(new Set(cycle.map((wait) => wait.owner)).size).toBe(cycle.length);
    for (const [index, wait] of cycle.entries()) {
      const asked = this.#asked.get(wait.owner);
      expect(asked?.id).toBe(wait.aggregateId);
      const next = cycle[(index + 1) % cycle.length]!.owner;
      const holds = this.#held.some(
        (lock) => lock.owner === next && lock.id === wait.aggregateId && clash(lock.mode, asked!.mode),
      );
      const before = this.#asked.get(next);
      const isBefore =
        before?.id === wait.aggregateId && before.since < asked!.since && clash(before.mode, asked!.mode);
      const upgrades =
        before?.id === wait.aggregateId && this.#held.some((lock) => lock.owner === next && lock.id === before.id);
      expect(holds || isBefore || upgrades).toBe(true);
    }
  }
}
