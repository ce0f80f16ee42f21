import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'eventemitter3';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import type { DomainEvent } from './domain-event.ts';
import { EventHandlingError } from './errors.ts';
import type { EventHandler } from './event-handler.ts';
import { PublishTurn } from './publish-turn.ts';

type Listener = (event: DomainEvent, outcomes: Promise<void>[]) => void;

/** How long a handler stays subscribed. */
export interface BusSubscribeOptions {
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the subscription after its first event. Default false. */
  readonly once?: boolean;
}

/** How an event is published. */
export interface PublishOptions {
  /** Gives up while the event still waits for its turn; once handlers run, they are waited for. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings events to the handlers of this process.
 *
 * - Every handler gets every event of its type, whatever becomes of the other handlers.
 * - Events of one aggregate are handled one after another, in the order they were published; those of different
 *   aggregates do not wait for each other.
 * - A handler may publish and wait for it, also for its own aggregate: such an event is handled at once, inside the
 *   event that caused it.
 *
 * Nothing is stored: what must survive a crash belongs in an {@link EventStore}, read by a subscription.
 */
export class EventBus {
  readonly #emitter = new EventEmitter<Record<string, Listener>>();
  readonly #last = new Map<string, PublishTurn>();
  readonly #running = new Set<PublishTurn>();
  readonly #current = new AsyncLocalStorage<PublishTurn>();
  #closed = false;

  /**
   * Calls the handler for each event of this type published from now on.
   *
   * @param type - An event's type, or `'*'` for every event.
   * @returns A function that ends the subscription; calling it again does nothing.
   * @throws {@link ClosedError} after `close()`.
   */
  subscribe<E extends DomainEvent = DomainEvent>(
    type: string,
    handler: EventHandler<E>,
    options: BusSubscribeOptions = {},
  ): () => void {
    if (this.#closed) throw new ClosedError('the event bus');
    if (typeof type !== 'string' || type === '') {
      throw new InvalidArgumentError('type', "an event type or '*'", type);
    }
    if (typeof handler?.handle !== 'function') {
      throw new InvalidArgumentError('handler', 'an object with a handle method', handler);
    }
    const { signal, once = false } = options;
    if (signal?.aborted) return () => {};
    const off = () => {
      this.#emitter.off(type, listener);
      signal?.removeEventListener('abort', off);
    };
    const listener: Listener = (event, outcomes) => {
      if (once) off();
      outcomes.push(invoke(handler, event as E));
    };
    this.#emitter.on(type, listener);
    signal?.addEventListener('abort', off, { once: true });
    return off;
  }

  /**
   * Hands an event to its handlers, and resolves once all of them are done with it.
   *
   * @throws {@link EventHandlingError} with every error, after all handlers are done, if some of them failed.
   * @throws {@link InvalidArgumentError} for an event without a type or aggregate, or of type `'*'`.
   * @throws {@link ClosedError} after `close()`.
   */
  async publish(event: DomainEvent, options: PublishOptions = {}): Promise<void> {
    const { type, aggregateId } = event;
    if (typeof type !== 'string' || type === '' || type === '*') {
      throw new InvalidArgumentError('event.type', "a non-empty string other than '*'", type);
    }
    if (typeof aggregateId !== 'string') throw new InvalidArgumentError('event.aggregateId', 'a string', aggregateId);
    if (this.#closed) throw new ClosedError('the event bus');
    options.signal?.throwIfAborted();

    const turn = new PublishTurn(this.#current.getStore(), this.#last.get(aggregateId));
    this.#track(turn, aggregateId);
    try {
      await turn.begin(options.signal);
      await this.#current.run(turn, () => this.#deliver(event));
    } finally {
      turn.end();
    }
  }

  /** Ends every subscription, and resolves once no handler runs any more. Called by a handler, it does not wait for that one. */
  async close(): Promise<void> {
    this.#closed = true;
    const own = new Set(this.#current.getStore()?.lineage());
    await Promise.all([...this.#running].filter((turn) => !own.has(turn)).map((turn) => turn.ended));
    this.#emitter.removeAllListeners();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #track(turn: PublishTurn, aggregateId: string): void {
    this.#running.add(turn);
    if (!turn.nested) this.#last.set(aggregateId, turn);
    void turn.ended.then(() => {
      this.#running.delete(turn);
      if (this.#last.get(aggregateId) === turn) this.#last.delete(aggregateId);
    });
  }

  async #deliver(event: DomainEvent): Promise<void> {
    const outcomes: Promise<void>[] = [];
    this.#emitter.emit(event.type, event, outcomes);
    this.#emitter.emit('*', event, outcomes);
    const errors: unknown[] = [];
    for (const outcome of await Promise.allSettled(outcomes)) {
      if (outcome.status === 'rejected') errors.push(outcome.reason);
    }
    if (errors.length > 0) throw new EventHandlingError({ eventId: event.id, eventType: event.type, errors });
  }
}

async function invoke<E extends DomainEvent>(handler: EventHandler<E>, event: E): Promise<void> {
  await handler.handle(event);
}
