import { StorageError } from '../../core/errors.ts';
import type { AppendOutcome, EventBatch } from '../../events/event-adapter.ts';
import { PgGroups, type Settled, type Waiting } from './pg-groups.ts';

type Append = readonly EventBatch[];

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
export type AppendSettled = Settled<AppendOutcome>;

/** Group commit of appends, see {@link PgGroups}, with a bounded queue. */
export class AppendGroups {
  readonly #groups: PgGroups<Append, AppendOutcome>;
  readonly #maxWaiting: number;

  /** @param send - Stores a group: says of each append what became of it, and never rejects. */
  constructor(send: (appends: readonly Append[]) => Promise<readonly AppendSettled[]>, limits: AppendGroupLimits) {
    const { maxInFlight, maxWaiting } = limits;
    this.#groups = new PgGroups({ send, maxInFlight, fitting: (waiting) => fitting(waiting, limits) });
    this.#maxWaiting = maxWaiting;
  }

  /** @throws {@link StorageError} if too many are waiting: then nothing was written. */
  append(batches: Append): Promise<AppendOutcome> {
    if (this.#groups.waiting >= this.#maxWaiting) {
      const advice = `${this.#maxWaiting} appends wait already: wait for some of them, or raise maxWaitingAppends`;
      return Promise.reject(new StorageError('append events', advice));
    }
    return this.#groups.run(batches);
  }
}

/** As many as fit, but not the same id twice, which would make the statement fail as a whole. */
function fitting(waiting: readonly Waiting<Append>[], { maxAppends, maxEvents }: AppendGroupLimits): number {
  const ids = new Set<string>();
  let size = 0;
  let events = 0;
  for (const { work: batches } of waiting) {
    const own = batches.flatMap((batch) => batch.events.map(({ id }) => id));
    if (size > 0 && (size >= maxAppends || events + own.length > maxEvents || own.some((id) => ids.has(id)))) break;
    for (const id of own) ids.add(id);
    events += own.length;
    size++;
  }
  return size;
}
