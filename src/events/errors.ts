import { MigrationError } from '../core/errors.ts';

/**
 * An event id is stored already, with other content, in another stream or beside other events than now. Nothing was
 * written. Give new events new ids; repeat an append with exactly the events it had.
 */
export class DuplicateEventError extends MigrationError {
  override readonly name = 'DuplicateEventError';
  readonly code = 'DUPLICATE_EVENT';
  readonly eventId: string;
  /** The stream it was to be appended to. */
  readonly stream: string;

  constructor(fields: { eventId: string; stream: string; detail: string }, options?: ErrorOptions) {
    super(
      `event "${fields.eventId}" for stream "${fields.stream}" ${fields.detail}: give a new event a new id, or repeat an append with exactly the events it had`,
      options,
    );
    this.eventId = fields.eventId;
    this.stream = fields.stream;
  }
}

/** An event matches what an append required to be absent. Nothing was written: query again, decide anew, then retry. */
export class AppendConditionError extends MigrationError {
  override readonly name = 'AppendConditionError';
  readonly code = 'APPEND_CONDITION_FAILED';
  /** The last position that the append took into account. */
  readonly after: number;
  /** The first event behind it that matches. */
  readonly position: number;

  constructor(fields: { after: number; position: number }, options?: ErrorOptions) {
    super(
      `an event at position ${fields.position} matches the query, but none after ${fields.after} was to: query again, decide anew and retry`,
      options,
    );
    this.after = fields.after;
    this.position = fields.position;
  }
}

/** The stream was deleted for good, and takes no events any more. Nothing was written. */
export class StreamDeletedError extends MigrationError {
  override readonly name = 'StreamDeletedError';
  readonly code = 'STREAM_DELETED';
  readonly stream: string;

  constructor(fields: { stream: string }, options?: ErrorOptions) {
    super(`stream "${fields.stream}" was deleted and takes no events any more: use another name`, options);
    this.stream = fields.stream;
  }
}

/** A stored event can't be read: its payload is damaged, or in an encoding that this version does not know. */
export class EventCorruptedError extends MigrationError {
  override readonly name = 'EventCorruptedError';
  readonly code = 'EVENT_CORRUPTED';
  readonly stream: string;
  readonly version: number;

  constructor(fields: { stream: string; version: number }, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    super(
      `event ${fields.version} of stream "${fields.stream}" can't be decoded${reason}: restore it from a backup, or raise maxPayloadBytes if it is only too large`,
      options,
    );
    this.stream = fields.stream;
    this.version = fields.version;
  }
}

/** Some handlers of a published event failed; all of them were called. */
export class EventHandlingError extends MigrationError {
  override readonly name = 'EventHandlingError';
  readonly code = 'EVENT_HANDLING_FAILED';
  readonly eventId: string;
  readonly eventType: string;
  /** What each failed handler threw. */
  readonly errors: readonly unknown[];

  constructor(fields: { eventId: string; eventType: string; errors: readonly unknown[] }) {
    const [first] = fields.errors;
    const count = fields.errors.length;
    super(
      `${count} handler${count === 1 ? '' : 's'} of "${fields.eventType}" failed, first: ${first instanceof Error ? first.message : String(first)}`,
      { cause: first },
    );
    this.eventId = fields.eventId;
    this.eventType = fields.eventType;
    this.errors = Object.freeze([...fields.errors]);
  }
}

/**
 * A subscription has stopped, because its handler failed again and again on one event. Its checkpoint stands before
 * that event: mend the handler, then subscribe again.
 */
export class SubscriptionFailedError extends MigrationError {
  override readonly name = 'SubscriptionFailedError';
  readonly code = 'SUBSCRIPTION_FAILED';
  /** The subscription's name. */
  readonly subscription: string;
  /** The event that could not be handled. */
  readonly position: number;
  readonly attempts: number;

  constructor(fields: { subscription: string; position: number; attempts: number }, options?: ErrorOptions) {
    super(
      `subscription "${fields.subscription}" stopped at position ${fields.position} after ${fields.attempts} attempts: mend its handler and subscribe again`,
      options,
    );
    this.subscription = fields.subscription;
    this.position = fields.position;
    this.attempts = fields.attempts;
  }
}
