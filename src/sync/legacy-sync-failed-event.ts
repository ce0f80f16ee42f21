import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';

/** An error as JSON. */
export interface LegacyFailure {
  readonly name: string;
  readonly message: string;
  /** The error's own `code`, where it is text. */
  readonly code: string | null;
}

/** `legacy.sync.failed`: a synchronization of the legacy system has failed. */
export class LegacySyncFailedEvent extends DomainEvent<'legacy.sync.failed'> {
  readonly error: LegacyFailure;

  constructor(error: LegacyFailure, aggregateId = 'legacy-sync', options?: DomainEventOptions) {
    super('legacy.sync.failed', aggregateId, options);
    this.error = error;
  }
}
