import type { JsonValue } from '../core/json-value.ts';
import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';

/** `legacy.sync.completed`: the legacy system has finished a synchronization. */
export class LegacySyncCompletedEvent extends DomainEvent<'legacy.sync.completed'> {
  /** What the legacy function returned; null for nothing. */
  readonly result: JsonValue;

  constructor(result: JsonValue, aggregateId = 'legacy-sync', options?: DomainEventOptions) {
    super('legacy.sync.completed', aggregateId, options);
    this.result = result;
  }
}
