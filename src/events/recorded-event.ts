import type { JsonValue } from '../core/json-value.ts';
import type { EventMetadata } from './domain-event.ts';

/** An event to append. A {@link DomainEvent} is one too. */
export interface NewEvent<T extends string = string, D = unknown> {
  /** Appending the same id again adds nothing (ES4). Default: a new UUID. */
  readonly id?: string;
  readonly type: T;
  /** Any JSON value. */
  readonly data: D;
  /** Keys that begin with `$` are the store's own, and refused. */
  readonly metadata?: EventMetadata;
  /** When it happened. Default: now. */
  readonly timestamp?: Date;
  /** What it is about, such as `course:7`, so that queries find it in whatever stream it is. At most 64, each a name. */
  readonly tags?: readonly string[];
}

/** An event as the store gives it back: frozen in depth. */
export interface RecordedEvent<T extends string = string, D = JsonValue> {
  readonly id: string;
  readonly stream: string;
  /** Place in its stream, counted from 1 without gaps. */
  readonly version: number;
  /** Place in the whole store: grows strictly, may have gaps. */
  readonly position: number;
  readonly type: T;
  readonly data: D;
  readonly metadata: EventMetadata;
  readonly timestamp: Date;
  /** Each once, in ascending order. */
  readonly tags: readonly string[];
  /** The version of its schema under which it was stored, if that is not 1. `data` is of the registry's version. */
  readonly schemaVersion?: number;
  /** There if its data can't be decrypted any more, since its subject was forgotten: `data` is `null` then. */
  readonly shredded?: true;
}
