import type { DomainEvent } from './domain-event.ts';

/** Whoever reacts to events. A rejection means that the event was not handled. */
export interface EventHandler<E extends DomainEvent = DomainEvent> {
  handle(event: E): Promise<void>;
}
