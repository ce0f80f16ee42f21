import type { Clock } from '../core/clock.ts';
import type { BatchSource } from './event-batches.ts';
import { partitionState } from './group-records.ts';

/** What a lease is of. */
export interface LeaseTerms {
  /** The partition's checkpoint. */
  readonly name: string;
  readonly owner: string;
  readonly leaseMs: number;
  /** The checkpoint's revision when it became the owner's. */
  readonly revision: number;
  /** When the owner began to ask for it. */
  readonly since: number;
}

/**
 * The right to handle a partition, in the partition's checkpoint: each save of the position renews it. Each is compared
 * and set by revision, so that a consumer whose lease was taken over can't save any more (a fencing token).
 */
export class Lease {
  readonly #terms: LeaseTerms;
  readonly #source: BatchSource & { readonly clock: Clock };
  #revision: number;
  #renewed: number;
  #saving: Promise<unknown> = Promise.resolve();
  #lost = false;

  constructor(terms: LeaseTerms, source: BatchSource & { readonly clock: Clock }) {
    this.#terms = terms;
    this.#source = source;
    this.#revision = terms.revision;
    this.#renewed = terms.since;
  }

  /** Whether it is another's now, or nobody's. */
  get lost(): boolean {
    return this.#lost;
  }

  /** For how many ms it was not renewed. Counted from before the storage was asked: others begin to count later. */
  get age(): number {
    return this.#source.clock.now() - this.#renewed;
  }

  /** Whether others may have taken it: nothing is to be handled before it is renewed. */
  get expired(): boolean {
    return this.age >= this.#terms.leaseMs;
  }

  /** Saves the position and renews the lease, one save at a time. @returns Whether the lease was still held. */
  save(position: () => number): Promise<boolean> {
    return this.#inTurn(() => this.#save(position(), this.#terms.owner));
  }

  /** Saves the position and gives the lease back. */
  release(position: () => number): Promise<boolean> {
    return this.#inTurn(async () => {
      const held = await this.#save(position(), undefined);
      this.#lost = true;
      return held;
    });
  }

  async #save(position: number, owner: string | undefined): Promise<boolean> {
    if (this.#lost) return false;
    const { name, leaseMs } = this.#terms;
    const since = this.#source.clock.now();
    const adapter = await this.#source.adapter();
    const checkpoint = { position, state: partitionState(owner, leaseMs) };
    const revision = await adapter.saveCheckpoint(name, checkpoint, { expectedRevision: this.#revision });
    if (revision === undefined) {
      this.#lost = true;
      return false;
    }
    this.#revision = revision;
    this.#renewed = since;
    return true;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#saving.then(work, work);
    this.#saving = result.catch(() => undefined);
    return result;
  }
}
