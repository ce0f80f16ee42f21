import type { Attempts } from './attempts.ts';
import { deliver, type EventDelivery } from './event-delivery.ts';
import type { Lease } from './lease.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** What a partition needs of its group. */
export interface PartitionHost {
  readonly attempts: Attempts;
  readonly delivery: EventDelivery;
  /** Handled events between two saves. */
  readonly batchSize: number;
  /** There is room for more. */
  drained(): void;
  failed(error: unknown): void;
}

/** A part of the streams while this consumer holds its lease: handles its events one after another. */
export class Partition {
  readonly index: number;
  readonly #lease: Lease;
  readonly #host: PartitionHost;
  readonly #control = new AbortController();
  readonly #attempts: Attempts;
  readonly #queue: RecordedEvent[] = [];
  /** Everything up to here was handled, or is in the queue. */
  #seen: number;
  #handled: number;
  #saved: number;
  #unsaved = 0;
  #working: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;

  constructor(index: number, position: number, lease: Lease, host: PartitionHost) {
    this.index = index;
    this.#lease = lease;
    this.#host = host;
    this.#attempts = host.attempts.until(this.#control.signal);
    this.#seen = position;
    this.#handled = position;
    this.#saved = position;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Whether it is to handle events still. */
  get active(): boolean {
    return !this.#control.signal.aborted && !this.#lease.lost;
  }

  /** Everything up to here is handled. */
  get position(): number {
    return this.#queue.length === 0 ? this.#seen : this.#handled;
  }

  /** Takes the partition's events out of a page that ends at `upTo`; what it had before is passed over. */
  give(events: readonly RecordedEvent[], upTo: number): void {
    const fresh = events.filter(({ position }) => position > this.#seen);
    if (fresh.length > 0 && this.#queue.length === 0) this.#handled = this.#seen;
    this.#queue.push(...fresh);
    this.#seen = Math.max(this.#seen, upTo);
    if (this.#queue.length > 0) this.#working ??= this.#work();
  }

  /** Renews the lease if it is older than that. */
  async renew(olderThanMs: number): Promise<void> {
    if (!this.#lease.lost && this.#lease.age >= olderThanMs) await this.#lease.save(this.#toSave);
  }

  /** Saves how far it is, if the storage does not know. */
  async save(): Promise<void> {
    if (this.position === this.#saved) return;
    this.#unsaved = 0;
    await this.#host.attempts.persist(() => this.#lease.save(this.#toSave));
  }

  /** Stops after the event in hand, and gives the lease back if it is still held. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    this.#control.abort(new Error('the partition was given up'));
    await this.#working;
    if (!this.#lease.lost) await this.#host.attempts.persist(() => this.#lease.release(this.#toSave));
  }

  /** How far it is by the time of the saving. If that fails, it is not known what the storage knows. */
  #toSave = () => {
    this.#saved = this.position;
    return this.#saved;
  };

  async #work(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.active) {
        await this.#next(this.#queue[0]!);
        if (this.#queue.length === 0 || this.#unsaved >= this.#host.batchSize) await this.save();
      }
    } catch (error) {
      if (error !== this.#attempts.signal.reason) this.#host.failed(error);
    } finally {
      this.#working = undefined;
    }
    this.#host.drained();
  }

  async #next(event: RecordedEvent): Promise<void> {
    const { attempts, delivery } = this.#host;
    // Alive, but silent for too long: whether the lease is another's now, the storage knows.
    if (this.#lease.expired && !(await attempts.persist(() => this.#lease.save(this.#toSave)))) return;
    await deliver(event, delivery, this.#attempts);
    this.#queue.shift();
    this.#handled = event.position;
    this.#unsaved++;
  }
}
