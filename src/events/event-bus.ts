import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'eventemitter3';
import { abortable } from '../core/abort.ts';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { ClosedError, InvalidArgumentError } from '../core/errors.ts';
import { throwLater } from '../core/on-error.ts';
import { EventMessageError, EventNotSentError } from './bus-errors.ts';
import type { DomainEvent } from './domain-event.ts';
import { EventHandlingError } from './errors.ts';
import type { BusSubscribeOptions, EventBusOptions, PublishOptions, Revivers } from './event-bus-options.ts';
import type { EventHandler } from './event-handler.ts';
import { checkAddress, encodeEvent } from './event-message.ts';
import type { HandlerOfType } from './event-of-type.ts';
import { PublishTurn } from './publish-turn.ts';
import type { ReceivedEvent } from './received-event.ts';
import { TransportLink } from './transport-link.ts';

type Listener = (event: DomainEvent, outcomes: Promise<void>[]) => void;

/**
 * Brings events to the handlers of this process, and with a transport to those of every process on the same channel.
 *
 * - Every handler gets every event of its type, whatever becomes of the other handlers.
 * - Events of one aggregate are handled one after another, in the order they were published; those of different
 *   aggregates do not wait for each other. What another process published comes in the order in which it did.
 * - A handler may publish and wait for it, also for its own aggregate: such an event is handled at once, inside the
 *   event that caused it.
 *
 * Nothing is stored: what must survive a crash belongs in an {@link EventStore}, read by a subscription.
 *
 * @typeParam E - The events that it carries, as a union whose members name their types. Default: any.
 */
export class EventBus<E extends DomainEvent = DomainEvent> {
  readonly #emitter = new EventEmitter<Record<string, Listener>>();
  readonly #last = new Map<string, PublishTurn>();
  readonly #running = new Set<PublishTurn>();
  readonly #current = new AsyncLocalStorage<PublishTurn>();
  readonly #link: TransportLink | undefined;
  readonly #revive: Revivers<DomainEvent>;
  #closed = false;

  constructor(options: EventBusOptions<E> = {}) {
    checkObject(options);
    const { transport, revive = {}, onError = throwLater } = options;
    this.#link = transport && new TransportLink(transport, (event) => this.#receive(event), onError);
    this.#revive = revive;
  }

  /**
   * Resolves once every event that another process publishes from now on is heard. Without it that begins with the first
   * `subscribe`, but some time after it. Nothing to do without a transport.
   *
   * @throws {@link StorageError} or whatever else the transport does: call it again.
   * @throws {@link ClosedError} after `close()`.
   */
  async init(): Promise<void> {
    if (this.#closed) throw new ClosedError('the event bus');
    await this.#link?.listen();
  }

  /**
   * Calls the handler for each event of this type published from now on.
   *
   * @param type - An event's type, or `'*'` for every event.
   * @returns A function that ends the subscription; calling it again does nothing.
   * @throws {@link ClosedError} after `close()`.
   */
  subscribe<T extends E['type'] | '*'>(
    type: T,
    handler: HandlerOfType<E, T>,
    options?: BusSubscribeOptions,
  ): () => void;
  /** For a handler that says itself which events it takes; a bus whose events do not name their types believes it. */
  subscribe<F extends E>(
    type: string extends E['type'] ? string : F['type'],
    handler: EventHandler<F>,
    options?: BusSubscribeOptions,
  ): () => void;
  subscribe(type: string, handler: EventHandler, options: BusSubscribeOptions = {}): () => void {
    if (this.#closed) throw new ClosedError('the event bus');
    if (typeof type !== 'string' || type === '') {
      throw new InvalidArgumentError('type', "an event type or '*'", type);
    }
    checkMethods(handler, 'handler', 'an object with a handle method', 'handle');
    const { signal, once = false } = options;
    if (signal?.aborted) return () => {};
    const off = () => {
      this.#emitter.off(type, listener);
      signal?.removeEventListener('abort', off);
    };
    const listener: Listener = (event, outcomes) => {
      if (once) off();
      outcomes.push(invoke(handler, event));
    };
    this.#emitter.on(type, listener);
    signal?.addEventListener('abort', off, { once: true });
    this.#link?.begin();
    return off;
  }

  /**
   * Hands an event to its handlers, and resolves once all those of this process are done with it and the transport, if
   * there is one, has taken it. Handlers and transport don't wait for each other.
   *
   * @throws {@link EventHandlingError} with every error, after all handlers are done, if some of them failed.
   * @throws {@link EventNotSentError} if the transport failed, or the signal aborted while it was waited for. All handlers
   * of this process are done; it says which failed.
   * @throws {@link InvalidArgumentError} for an event without a type or aggregate, or of type `'*'`; with a transport also
   * for one whose data is not JSON. No handler was called.
   * @throws {@link ClosedError} after `close()`.
   */
  async publish(event: E, options: PublishOptions = {}): Promise<void> {
    checkAddress(event.type, event.aggregateId);
    if (this.#closed) throw new ClosedError('the event bus');
    options.signal?.throwIfAborted();
    const link = this.#link;
    const text = link && encodeEvent(event);
    let sent: Promise<Refusal | undefined> | undefined;
    const failure = await this.#inTurn(event, this.#current.getStore(), options.signal, () => {
      if (link) sent = refusalOf(abortable(link.send(text!), options.signal));
    });
    const refusal = await sent;
    if (refusal) {
      throw new EventNotSentError({ eventId: event.id, eventType: event.type, handling: failure }, refusal);
    }
    if (failure) throw failure;
  }

  /**
   * Ends every subscription and stops hearing other processes. Resolves once no handler runs any more, and the transport
   * has answered to all that was published. Called by a handler, it does not wait for that one.
   */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.#link?.close();
    } finally {
      const own = new Set(this.#current.getStore()?.lineage());
      await Promise.all([...this.#running].filter((turn) => !own.has(turn)).map((turn) => turn.ended));
      await this.#link?.idle();
      this.#emitter.removeAllListeners();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Takes an event of another process: its handling belongs to no turn of this bus, whoever brings it. */
  #receive(received: ReceivedEvent): void {
    const event = this.#revived(received);
    const { tell } = this.#link!;
    this.#inTurn(event, undefined, undefined, () => {}).then((failure) => failure && tell(failure), tell);
  }

  #revived(received: ReceivedEvent): DomainEvent {
    const { type } = received;
    const revive = Object.hasOwn(this.#revive, type) ? this.#revive[type] : undefined;
    if (!revive) return received;
    try {
      const event = revive(received);
      checkAddress(event.type, event.aggregateId);
      return event;
    } catch (cause) {
      throw new EventMessageError(`with a "${type}" could not be revived`, { cause });
    }
  }

  /**
   * Calls the handlers when it is the event's turn, and gives what failed among them.
   *
   * @param begun - Called first in that turn.
   */
  async #inTurn(
    event: DomainEvent,
    publisher: PublishTurn | undefined,
    signal: AbortSignal | undefined,
    begun: () => void,
  ): Promise<EventHandlingError | undefined> {
    const { aggregateId } = event;
    const turn = new PublishTurn(publisher, this.#last.get(aggregateId));
    this.#track(turn, aggregateId);
    try {
      await turn.begin(signal);
      begun();
      return await this.#current.run(turn, () => this.#deliver(event));
    } finally {
      turn.end();
    }
  }

  #track(turn: PublishTurn, aggregateId: string): void {
    this.#running.add(turn);
    if (!turn.nested) this.#last.set(aggregateId, turn);
    void turn.ended.then(() => {
      this.#running.delete(turn);
      if (this.#last.get(aggregateId) === turn) this.#last.delete(aggregateId);
    });
  }

  async #deliver(event: DomainEvent): Promise<EventHandlingError | undefined> {
    const outcomes: Promise<void>[] = [];
    this.#emitter.emit(event.type, event, outcomes);
    this.#emitter.emit('*', event, outcomes);
    const errors: unknown[] = [];
    for (const outcome of await Promise.allSettled(outcomes)) {
      if (outcome.status === 'rejected') errors.push(outcome.reason);
    }
    if (errors.length === 0) return undefined;
    return new EventHandlingError({ eventId: event.id, eventType: event.type, errors });
  }
}

interface Refusal {
  readonly cause: unknown;
}

/** Why the transport did not take it, as a value: it is looked at only once the handlers are done. */
function refusalOf(sent: Promise<void>): Promise<Refusal | undefined> {
  return sent.then(
    () => undefined,
    (cause: unknown) => ({ cause }),
  );
}

async function invoke(handler: EventHandler, event: DomainEvent): Promise<void> {
  await handler.handle(event);
}
