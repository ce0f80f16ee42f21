import { isPlainObject, type JsonObject } from '../core/json-value.ts';
import { DomainEvent } from './domain-event.ts';
import type { RecordedEvent } from './recorded-event.ts';

/**
 * An event of a store on its way to the handlers of a bus: under its own id, with its stream as the aggregate.
 *
 * @example
 * ```ts
 * bus.subscribe('order.placed', { handle: async ({ recorded }: RecordedDomainEvent) => mail(recorded.data) });
 * ```
 */
export class RecordedDomainEvent extends DomainEvent {
  /** The event as the store gives it: with its version and position, and with data that need not be an object. */
  readonly recorded: RecordedEvent;

  constructor(recorded: RecordedEvent) {
    const { id, type, stream, timestamp, metadata } = recorded;
    super(type, stream, { id, timestamp, metadata });
    this.recorded = recorded;
  }

  /** The data of the event; what is no object stands under `value`. */
  override get data(): JsonObject {
    const { data } = this.recorded;
    return isPlainObject(data) ? (data as JsonObject) : { value: data };
  }
}
