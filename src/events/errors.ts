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

/**
 * A command was carried out and its events are stored, but they could not be read back or folded. Don't repeat the
 * command: fold the stream.
 */
export class CommandResultUnreadError extends MigrationError {
  override readonly name = 'CommandResultUnreadError';
  readonly code = 'COMMAND_RESULT_UNREAD';
  readonly stream: string;
  /** The version of the last event. */
  readonly version: number;
  readonly position: number;

  constructor(fields: { stream: string; version: number; position: number }, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    super(
      `the command was carried out, up to version ${fields.version} of stream "${fields.stream}", but its events could not be read back${reason}: don't repeat it, fold the stream`,
      options,
    );
    this.stream = fields.stream;
    this.version = fields.version;
    this.position = fields.position;
  }
}

/**
 * A stored event can't be given out: one of the errors that extend this says why. Trying again does not help, so a
 * subscription stops at it.
 */
export abstract class UnreadableEventError extends MigrationError {
  readonly stream: string;
  readonly version: number;

  constructor(fields: { stream: string; version: number }, message: string, options?: ErrorOptions) {
    super(`event ${fields.version} of stream "${fields.stream}" ${message}`, options);
    this.stream = fields.stream;
    this.version = fields.version;
  }
}

/** A stored event can't be read: its payload is damaged, or in an encoding that this version does not know. */
export class EventCorruptedError extends UnreadableEventError {
  override readonly name = 'EventCorruptedError';
  readonly code = 'EVENT_CORRUPTED';

  constructor(fields: { stream: string; version: number }, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    super(
      fields,
      `can't be decoded${reason}: restore it from a backup, or raise maxPayloadBytes if it is only too large`,
      options,
    );
  }
}

/** A stored event is whole, but this store lacks what it takes to read it: an algorithm, or the encryption. */
export class EventEncodingError extends UnreadableEventError {
  override readonly name = 'EventEncodingError';
  readonly code = 'EVENT_ENCODING_UNSUPPORTED';
  /** As it is stored beside the payload. */
  readonly encoding: string;

  constructor(fields: { stream: string; version: number; encoding: string; advice: string }, options?: ErrorOptions) {
    super(fields, `is stored as "${fields.encoding}", which this store can't read: ${fields.advice}`, options);
    this.encoding = fields.encoding;
  }
}

/** An upcaster threw, or gave what is not JSON. What is stored is as it was: mend the upcaster. */
export class EventUpcastError extends UnreadableEventError {
  override readonly name = 'EventUpcastError';
  readonly code = 'EVENT_UPCAST_FAILED';
  readonly eventType: string;
  /** The schema version that the upcaster was to lead on from. */
  readonly schemaVersion: number;

  constructor(
    fields: { stream: string; version: number; eventType: string; schemaVersion: number },
    options?: ErrorOptions,
  ) {
    const reason = options?.cause instanceof Error ? ` (${options.cause.message})` : '';
    super(
      fields,
      `could not be brought from version ${fields.schemaVersion} of "${fields.eventType}" to the next${reason}: mend that upcaster`,
      options,
    );
    this.eventType = fields.eventType;
    this.schemaVersion = fields.schemaVersion;
  }
}

/** A stored event has a newer schema version than the registry knows: a newer release of the application wrote it. */
export class EventSchemaVersionError extends UnreadableEventError {
  override readonly name = 'EventSchemaVersionError';
  readonly code = 'EVENT_SCHEMA_VERSION_UNKNOWN';
  readonly eventType: string;
  readonly schemaVersion: number;
  /** The newest version that the registry knows. */
  readonly knownVersion: number;

  constructor(
    fields: { stream: string; version: number; eventType: string; schemaVersion: number; knownVersion: number },
    options?: ErrorOptions,
  ) {
    super(
      fields,
      `was stored under version ${fields.schemaVersion} of "${fields.eventType}", but the registry knows it up to ${fields.knownVersion}: bring this process to the release that wrote it`,
      options,
    );
    this.eventType = fields.eventType;
    this.schemaVersion = fields.schemaVersion;
    this.knownVersion = fields.knownVersion;
  }
}

/** One thing that is wrong with an event. */
export interface EventIssue {
  readonly message: string;
  /** Where in the event, for instance `['data', 'title']`. */
  readonly path: readonly (string | number)[];
}

/** An event is none of the registry, or its data does not fit its schema. Nothing was written. */
export class EventValidationError extends MigrationError {
  override readonly name = 'EventValidationError';
  readonly code = 'EVENT_INVALID';
  readonly eventType: string;
  /** Which event of the call, for instance `events[0]`. */
  readonly argument: string;
  readonly issues: readonly EventIssue[];

  constructor(fields: { eventType: string; argument: string; issues: readonly EventIssue[] }, options?: ErrorOptions) {
    const all = fields.issues.map(({ message, path }) => `${path.join('.')}: ${message}`).join('; ');
    super(`${fields.argument} is not a valid "${fields.eventType}" (${all}): correct it, then append again`, options);
    this.eventType = fields.eventType;
    this.argument = fields.argument;
    this.issues = Object.freeze([...fields.issues]);
  }
}

/** A ciphertext is not what was encrypted for this event: it is damaged, or was moved here from elsewhere. */
export class DecryptionError extends MigrationError {
  override readonly name = 'DecryptionError';
  readonly code = 'DECRYPTION_FAILED';

  /** @param detail - What is wrong with it, after "the ciphertext". */
  constructor(detail: string, options?: ErrorOptions) {
    super(`the ciphertext ${detail}`, options);
  }
}

/** The compression algorithm asked for is not in this Node: choose another, or run a Node that has it. */
export class CompressionUnavailableError extends MigrationError {
  override readonly name = 'CompressionUnavailableError';
  readonly code = 'COMPRESSION_UNAVAILABLE';
  readonly algorithm: string;

  constructor(algorithm: string, options?: ErrorOptions) {
    super(
      `this Node (${process.version}) has no ${algorithm} in node:zlib: run Node 22.15, 23.8 or newer, or use 'gzip' or 'brotli'`,
      options,
    );
    this.algorithm = algorithm;
  }
}

/** A backup is not what was written: it was cut, changed or mixed up, or is something else. */
export class BackupDamagedError extends MigrationError {
  override readonly name = 'BackupDamagedError';
  readonly code = 'BACKUP_DAMAGED';
  /** Counted from 1; 0 if there is none. */
  readonly line: number;

  constructor(fields: { line: number; detail: string }, options?: ErrorOptions) {
    super(`line ${fields.line} of the backup: ${fields.detail}; take another copy of it`, options);
    this.line = fields.line;
  }
}

/**
 * A checkpoint is from another life of the store: the reader has seen events behind `sharedUpTo` that this one has not, or
 * has others instead of. Set the reader back to there, with what it made of them, or let it begin anew.
 */
export class CheckpointEpochError extends MigrationError {
  override readonly name = 'CheckpointEpochError';
  readonly code = 'CHECKPOINT_OF_ANOTHER_EPOCH';
  readonly checkpoint: string;
  readonly position: number;
  /** Up to this position both have the same events; 0 where the other life is unknown here. */
  readonly sharedUpTo: number;

  constructor(
    fields: { checkpoint: string; position: number; sharedUpTo: number; advice?: string | undefined },
    options?: ErrorOptions,
  ) {
    const { checkpoint, position, sharedUpTo, advice } = fields;
    super(
      sharedUpTo > 0
        ? `checkpoint "${checkpoint}" stands at ${position} of another life of this store, of which it has the events up to ${sharedUpTo}: ${advice ?? 'set the reader back to there, with what it made of the events behind'}`
        : `checkpoint "${checkpoint}" is of no life of this store: ${advice ?? 'let the reader begin anew, or give it the store it has read'}`,
      options,
    );
    this.checkpoint = checkpoint;
    this.position = position;
    this.sharedUpTo = sharedUpTo;
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

/** A consumer group was asked for with another number of partitions than it has. Nothing was handled. */
export class PartitionsDifferError extends MigrationError {
  override readonly name = 'PartitionsDifferError';
  readonly code = 'PARTITIONS_DIFFER';
  readonly subscription: string;
  /** How many the group has. */
  readonly partitions: number;

  constructor(fields: { subscription: string; partitions: number; asked: number }, options?: ErrorOptions) {
    super(
      `the group "${fields.subscription}" has ${fields.partitions} partitions, not ${fields.asked}: ask for as many as it has, or begin a group of another name`,
      options,
    );
    this.subscription = fields.subscription;
    this.partitions = fields.partitions;
  }
}

/** The live version of a projection can't be dropped. Nothing was changed: make another one live first. */
export class ProjectionLiveError extends MigrationError {
  override readonly name = 'ProjectionLiveError';
  readonly code = 'PROJECTION_LIVE';
  readonly projection: string;
  readonly version: number;

  constructor(fields: { projection: string; version: number }, options?: ErrorOptions) {
    super(
      `version ${fields.version} of the projection "${fields.projection}" is the live one: make another one live first`,
      options,
    );
    this.projection = fields.projection;
    this.version = fields.version;
  }
}
