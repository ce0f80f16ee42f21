import type { HandlingFailure } from './attempts.ts';
import { SubscriptionFailedError } from './errors.ts';
import { readTail } from './event-tail.ts';
import { inTurn } from './in-turn.ts';
import type { ParkedEvents } from './parked-events.ts';
import type { ProjectionPlan } from './projection.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { Rounds, SubscriptionContext } from './rounds.ts';

/** What became of a batch. Unless it was applied, it had no effect. */
type Outcome =
  | { readonly status: 'applied' }
  /** Another process has moved the checkpoint. */
  | { readonly status: 'overtaken' }
  | { readonly status: 'failed'; readonly error: unknown };

/** An event to be parked; without a failure behind an earlier one of its stream. */
interface Parking {
  readonly event: RecordedEvent;
  readonly failure?: HandlingFailure;
}

/** What is passed at once. */
interface Batch {
  /** To be handled. */
  readonly events: readonly RecordedEvent[];
  readonly behind: readonly Parking[];
  readonly upTo: number;
}

/**
 * Batches applied in the transaction that saves the checkpoint, which parks events too: each takes effect exactly once,
 * or is parked.
 */
export class ProjectionRounds implements Rounds {
  position = 0;
  readonly #context: SubscriptionContext;
  readonly #plan: ProjectionPlan;
  readonly #begun: () => Promise<void>;
  readonly #parked: ParkedEvents | undefined;
  #saved = 0;
  #revision = 0;

  constructor(
    context: SubscriptionContext,
    plan: ProjectionPlan,
    begun: () => Promise<void>,
    parked: ParkedEvents | undefined,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#begun = begun;
    this.#parked = parked;
  }

  async begin(): Promise<void> {
    const { attempts } = this.#context;
    const { projection, target } = this.#plan;
    await this.#reload();
    if (this.#revision === 0) {
      const failure = await attempts.handle(async () => {
        const outcome = await this.#commit(0, [], (client) => projection.reset?.(client, target));
        if (outcome.status === 'failed') throw outcome.error;
      }, this.#context.settings.maxAttempts);
      if (failure) throw this.#failed(0, failure.attempts, failure.error);
      await this.#reload();
    }
    await attempts.persist(this.#begun);
    await attempts.persist(async () => this.#parked?.refresh());
  }

  async round(): Promise<boolean> {
    const { source, settings, attempts } = this.#context;
    const { query } = this.#plan;
    const page = await attempts.persist(() => readTail(source, this.position, settings.batchSize, query));
    const batch = await this.#batchOf(page.events, page.upTo);
    attempts.signal.throwIfAborted();
    // Where nothing is handled, a checkpoint only spares reading: not worth one write an event of others.
    if (page.events.length === 0 && page.upTo - this.#saved < settings.batchSize) {
      this.position = page.upTo;
      return page.more;
    }
    return (await this.#apply(batch)) && page.more;
  }

  async settled(): Promise<number> {
    return this.position;
  }

  async end(): Promise<void> {}

  async #batchOf(all: readonly RecordedEvent[], upTo: number): Promise<Batch> {
    const parked = this.#parked;
    if (!parked) return { events: all, behind: [], upTo };
    const events: RecordedEvent[] = [];
    const behind: Parking[] = [];
    const held = new Set<string>();
    for (const event of all) {
      const place = held.has(event.stream)
        ? 'behind'
        : await this.#context.attempts.persist(() => parked.placeOf(event));
      if (place === 'free') events.push(event);
      else held.add(event.stream);
      if (place === 'behind') behind.push({ event });
    }
    return { events, behind, upTo };
  }

  /** @returns Whether it is worth going on at once: not if another process was faster. */
  async #apply({ events, behind, upTo }: Batch): Promise<boolean> {
    const { projection, target } = this.#plan;
    let index = -1;
    const outcome = await this.#commit(upTo, behind, (client) => {
      index = -1;
      return inTurn(events, (event) => {
        index++;
        return projection.handle(event, client, target);
      });
    });
    if (outcome.status === 'applied') return true;
    if (outcome.status === 'overtaken') return this.#overtaken();
    // Those before it on their own; then it is read again, and is the first.
    const before = (position: number) => behind.filter(({ event }) => event.position < position);
    if (index > 0) {
      const { position } = events[index - 1]!;
      return this.#apply({ events: events.slice(0, index), behind: before(position), upTo: position });
    }
    return this.#applyAlone(events[0]!, before(events[0]!.position), outcome.error);
  }

  /** @param error - What it failed with already. */
  async #applyAlone(event: RecordedEvent, behind: readonly Parking[], error: unknown): Promise<boolean> {
    const { attempts, settings } = this.#context;
    const { projection, target } = this.#plan;
    let outcome: Outcome = { status: 'failed', error };
    let tried = 0;
    const failure = await attempts.handle(async () => {
      if (tried++ > 0) {
        outcome = await this.#commit(event.position, behind, (client) => projection.handle(event, client, target));
      }
      if (outcome.status === 'failed') throw outcome.error;
    }, settings.maxAttempts);
    if (!failure) return this.position >= event.position || this.#overtaken();
    const parked = this.#parked;
    if (!parked) throw this.#failed(event.position, failure.attempts, failure.error);
    const passed = await this.#commit(event.position, [...behind, { event, failure }], () => {});
    return passed.status === 'applied' || this.#overtaken();
  }

  /** Does work of the caller's, parks events and saves the checkpoint: all of it, or nothing. */
  async #commit(
    position: number,
    parking: readonly Parking[],
    work: (client: unknown) => void | Promise<void>,
  ): Promise<Outcome> {
    const { attempts, source } = this.#context;
    return attempts.persist(async (): Promise<Outcome> => {
      const adapter = await source.adapter();
      let failure: { readonly error: unknown } | undefined;
      const within = (client: unknown) =>
        watched(
          () => work(client),
          (error) => {
            failure = { error };
          },
        );
      const checkpoint = { position, state: '{}' };
      try {
        const checkpoints = parking.map(({ event, failure: why }) => this.#parked!.checkpointOf(event, why));
        const options = { expectedRevision: this.#revision, within, checkpoints };
        const revision = await adapter.saveCheckpoint(this.#plan.checkpoint, checkpoint, options);
        if (revision === undefined) return { status: 'overtaken' };
        this.#revision = revision;
        this.position = position;
        this.#saved = position;
        for (const { event } of parking) this.#parked!.saved(event);
        return { status: 'applied' };
      } catch (error) {
        if (failure) return { status: 'failed', error: failure.error };
        throw error;
      }
    });
  }

  /** Another process has moved the checkpoint, or this one has and was not told. */
  async #overtaken(): Promise<false> {
    await this.#reload();
    await this.#context.attempts.persist(async () => this.#parked?.refresh());
    return false;
  }

  async #reload(): Promise<void> {
    const { attempts, source } = this.#context;
    const found = await attempts.persist(async () => (await source.adapter()).loadCheckpoint(this.#plan.checkpoint));
    this.position = found?.position ?? 0;
    this.#saved = this.position;
    this.#revision = found?.revision ?? 0;
  }

  #failed(position: number, attempts: number, cause: unknown): SubscriptionFailedError {
    return new SubscriptionFailedError({ subscription: this.#context.name, position, attempts }, { cause });
  }
}

/** Work whose own failure is told apart from that of what is around it. */
function watched(work: () => void | Promise<void>, onFailure: (error: unknown) => void): void | Promise<void> {
  const fail = (error: unknown): never => {
    onFailure(error);
    throw error;
  };
  try {
    const pending = work();
    return pending instanceof Promise ? pending.catch(fail) : undefined;
  } catch (error) {
    return fail(error);
  }
}
