import { StorageError } from '../../core/errors.ts';
import type { AppendOutcome, EventBatch } from '../../events/event-adapter.ts';

/** How appends are grouped. */
export interface AppendGroupLimits {
  /** Groups on their way at a time. The next one gathers while these are. */
  readonly maxInFlight: number;
  /** Appends and events in a group; an append with more events is a group of its own. */
  readonly maxAppends: number;
  readonly maxEvents: number;
  /** Appends that wait for their group; more are refused. */
  readonly maxWaiting: number;
}

/** What became of one append of a group. */
export type AppendSettled = { readonly outcome: AppendOutcome } | { readonly error: unknown };

interface Waiting {
  readonly batches: readonly EventBatch[];
  readonly settle: (settled: AppendSettled) => void;
}

/**
 * Group commit: appends that come while others are being stored go together, in one statement and one commit. When
 * nothing is on its way an append goes at once, so that none waits for company.
 */
export class AppendGroups {
  readonly #send: (appends: readonly (readonly EventBatch[])[]) => Promise<readonly AppendSettled[]>;
  readonly #limits: AppendGroupLimits;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #scheduled = false;

  /** @param send - Stores a group: says of each append what became of it, and never rejects. */
  constructor(
    send: (appends: readonly (readonly EventBatch[])[]) => Promise<readonly AppendSettled[]>,
    limits: AppendGroupLimits,
  ) {
    this.#send = send;
    this.#limits = limits;
  }

  /** @throws {@link StorageError} if too many are waiting: then nothing was written. */
  append(batches: readonly EventBatch[]): Promise<AppendOutcome> {
    const { maxWaiting } = this.#limits;
    if (this.#waiting.length >= maxWaiting) {
      const advice = `${maxWaiting} appends wait already: wait for some of them, or raise maxWaitingAppends`;
      return Promise.reject(new StorageError('append events', advice));
    }
    return new Promise((resolve, reject) => {
      const settle = (settled: AppendSettled) =>
        'outcome' in settled ? resolve(settled.outcome) : reject(settled.error);
      this.#waiting.push({ batches, settle });
      if (this.#scheduled || this.#inFlight >= this.#limits.maxInFlight) return;
      this.#scheduled = true;
      // What is called in the same moment goes together.
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#start();
      });
    });
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.#limits.maxInFlight) void this.#run(this.#take());
  }

  async #run(group: readonly Waiting[]): Promise<void> {
    this.#inFlight++;
    const settled = await this.#send(group.map(({ batches }) => batches));
    this.#inFlight--;
    for (const [index, { settle }] of group.entries()) settle(settled[index]!);
    this.#start();
  }

  /** The next group: as many as fit, but not the same id twice, which would make the statement fail as a whole. */
  #take(): readonly Waiting[] {
    const { maxAppends, maxEvents } = this.#limits;
    const ids = new Set<string>();
    let size = 0;
    let events = 0;
    for (const { batches } of this.#waiting) {
      const own = batches.flatMap((batch) => batch.events.map(({ id }) => id));
      if (size > 0 && (size >= maxAppends || events + own.length > maxEvents || own.some((id) => ids.has(id)))) break;
      for (const id of own) ids.add(id);
      events += own.length;
      size++;
    }
    return this.#waiting.splice(0, size);
  }
}
