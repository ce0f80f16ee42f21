import type { DomainEvent } from './domain-event.ts';

/** Where events go; the part of an {@link EventBus} that a publisher needs. */
export interface EventPublisher {
  /** Resolves once every handler is done; rejects if one failed. */
  publish(event: DomainEvent): Promise<void>;
}
