import { createId } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json-value.ts';
import { setOwn } from '../core/json-value.ts';

/** Facts about an event that are not part of what happened: who, because of what, on whose behalf. */
export interface EventMetadata extends JsonObject {}

/** What may be set on a domain event from outside, for instance when an event is rebuilt from a store. */
export interface DomainEventOptions {
  /** Default: a new UUID. */
  readonly id?: string;
  /** When it happened. Default: now. */
  readonly timestamp?: Date;
  readonly metadata?: EventMetadata;
}

/**
 * Something that happened to one aggregate, as a class of the application.
 *
 * The fields that a subclass adds are the event's `data`, and must be JSON. A subclass that names its type to the
 * compiler, as here, can be told from others in a union of events.
 *
 * @example
 * ```ts
 * class NoteAdded extends DomainEvent<'note.added'> {
 *   constructor(readonly noteId: string, readonly text: string) {
 *     super('note.added', noteId);
 *   }
 * }
 * ```
 */
export abstract class DomainEvent<T extends string = string> {
  readonly id: string;
  readonly type: T;
  readonly aggregateId: string;
  readonly timestamp: Date;
  readonly metadata: EventMetadata;

  constructor(type: T, aggregateId: string, options: DomainEventOptions = {}) {
    this.id = options.id ?? createId();
    this.type = type;
    this.aggregateId = aggregateId;
    this.timestamp = options.timestamp ?? new Date();
    this.metadata = options.metadata ?? {};
  }

  /** The fields that the subclass adds, as they are stored. */
  get data(): JsonObject {
    const data = {};
    for (const [key, value] of Object.entries(this)) if (!envelope.has(key)) setOwn(data, key, value as JsonValue);
    return data;
  }
}

const envelope: ReadonlySet<string> = new Set(['id', 'type', 'aggregateId', 'timestamp', 'metadata']);
