import { MigrationError, messageOf } from '../core/errors.ts';
import type { EventHandlingError } from './errors.ts';

/**
 * The transport did not take a published event; `cause` says why. The handlers of this process have all been called, and
 * are done. Whether those of other processes get the event is unknown. Publish it again if all of them may see it twice.
 */
export class EventNotSentError extends MigrationError {
  override readonly name = 'EventNotSentError';
  readonly code = 'EVENT_NOT_SENT';
  readonly eventId: string;
  readonly eventType: string;
  /** What failed among the handlers of this process; nothing if they all succeeded. */
  readonly handling: EventHandlingError | undefined;

  constructor(
    fields: { eventId: string; eventType: string; handling: EventHandlingError | undefined },
    options: { cause: unknown },
  ) {
    const here = fields.handling ? `here, where ${fields.handling.message},` : 'here';
    super(
      `event "${fields.eventId}" of "${fields.eventType}" was handled ${here} but may not reach other processes (${messageOf(options.cause)}): publish it again if all handlers may see it twice`,
      options,
    );
    this.eventId = fields.eventId;
    this.eventType = fields.eventType;
    this.handling = fields.handling;
  }
}

/** A message that was received could not be made an event; no handler was called, and the next are received. */
export class EventMessageError extends MigrationError {
  override readonly name = 'EventMessageError';
  readonly code = 'EVENT_MESSAGE_UNREADABLE';

  /** @param detail - What is wrong, after "a received message". */
  constructor(detail: string, options: { cause: unknown }) {
    super(
      `a received message ${detail} (${messageOf(options.cause)}): look whether something else sends on this channel, or another release of the application`,
      options,
    );
  }
}

/** Events of another process did not arrive here. If they must not be missed, read them from the event store. */
export class EventsMissedError extends MigrationError {
  override readonly name = 'EventsMissedError';
  readonly code = 'EVENTS_MISSED';
  /** The bus that published them, as a random id. */
  readonly publisher: string;
  readonly count: number;

  constructor(fields: { publisher: string; count: number }) {
    super(
      `${fields.count} event${fields.count === 1 ? '' : 's'} of the bus ${fields.publisher} did not arrive here: read what must not be missed from the event store`,
    );
    this.publisher = fields.publisher;
    this.count = fields.count;
  }
}
