import type { OnError } from '../core/on-error.ts';
import type { DomainEvent } from './domain-event.ts';
import type { EventOfType } from './event-of-type.ts';
import type { EventTransport } from './event-transport.ts';
import type { ReceivedEvent } from './received-event.ts';

/** How events of other processes become events of your classes, by type. */
export type Revivers<E extends DomainEvent = DomainEvent> = {
  readonly [T in E['type']]?: (event: ReceivedEvent) => EventOfType<E, T>;
};

/** How a bus reaches other processes. */
export interface EventBusOptions<E extends DomainEvent = DomainEvent> {
  /** Takes events to the buses of other processes, and brings theirs. Default: none, events stay in this process. */
  readonly transport?: EventTransport;
  /** Default: none, and events of other processes are {@link ReceivedEvent}s, with the same fields but no methods. */
  readonly revive?: Revivers<E>;
  /**
   * Told of what nobody else can be told of: a handler failed on an event of another process, events were missed, a
   * message could not be read. The bus goes on. Default: an uncaught exception.
   */
  readonly onError?: OnError;
}

/** How long a handler stays subscribed. */
export interface BusSubscribeOptions {
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the subscription after its first event. Default false. */
  readonly once?: boolean;
}

/** How an event is published. */
export interface PublishOptions {
  /**
   * Gives up while the event still waits for its turn, or for the transport; once handlers run, they are waited for.
   */
  readonly signal?: AbortSignal | undefined;
}
