import type { Clock } from '../core/clock.ts';
import { InvalidArgumentError, isMigrationError } from '../core/errors.ts';
import { deepFreeze, isPlainObject, type JsonValue } from '../core/json-value.ts';
import { andThen } from './and-then.ts';
import { atOnce } from './at-once.ts';
import type { EventMetadata } from './domain-event.ts';
import { EventCorruptedError, EventEncodingError } from './errors.ts';
import type { EncodedEvent, EventBatch, StoredEvent } from './event-adapter.ts';
import type { EncryptionContext, EventEncryption } from './event-encryption.ts';
import { checkName, checkTags, noTags } from './event-names.ts';
import type { EventRegistry } from './event-registry.ts';
import { validateEvent } from './event-validation.ts';
import type { NewIds } from './new-ids.ts';
import { PayloadCodec, type PayloadCodecOptions } from './payload-codec.ts';
import { PayloadSeal, shredded, unencryptable } from './payload-seal.ts';
import type { NewEvent, RecordedEvent } from './recorded-event.ts';
import { checkMetadataKeys, splitMetadata } from './schema-version.ts';

/** What events go through on their way to the storage and back. */
export interface EventCodecOptions extends PayloadCodecOptions {
  readonly registry?: EventRegistry | undefined;
  readonly encryption?: EventEncryption | undefined;
}

/**
 * Events on their way to the storage (checked, validated, compressed, encrypted) and back (decrypted, inflated, brought to
 * the schema of today).
 */
export class EventCodec {
  readonly payloads: PayloadCodec;
  readonly seals: PayloadSeal;
  /** Another one whenever the same stored events may be read otherwise. */
  readonly fingerprint: string;
  readonly #registry: EventRegistry | undefined;

  /** @param onTheSpotBytes - Up to here payloads are compressed and inflated at once: {@link PayloadCodec}. */
  constructor(options: EventCodecOptions, onTheSpotBytes?: number) {
    this.payloads = new PayloadCodec(options, onTheSpotBytes);
    this.seals = new PayloadSeal(this.payloads, options.encryption);
    this.#registry = options.registry;
    this.fingerprint = options.registry?.fingerprint ?? '';
  }

  /**
   * A new event checked and as text: what the caller does to it afterwards changes nothing.
   *
   * @param at - Spells where a field stands among the arguments; the event itself for no field.
   * @throws {@link InvalidArgumentError} naming the field that is wrong.
   */
  encode(event: NewEvent, clock: Clock, ids: NewIds, at: (field: string) => string): EncodedEvent {
    if (typeof event !== 'object' || event === null) throw new InvalidArgumentError(at(''), 'an event', event);
    const { id, type, data, metadata, timestamp, tags } = event;
    const time =
      timestamp === undefined ? Math.floor(clock.now()) : timestamp instanceof Date ? timestamp.getTime() : Number.NaN;
    if (Number.isNaN(time)) throw new InvalidArgumentError(at('.timestamp'), 'a valid Date', timestamp);
    return {
      id: id === undefined ? ids.next() : checkName(id, () => at('.id')),
      type: checkName(type, () => at('.type')),
      data: this.payloads.encode(data, () => at('.data')).data,
      encoding: 'json',
      metadata: metadata === undefined ? '{}' : this.#encodeMetadata(metadata, at('.metadata')),
      timestamp: time,
      tags: tags === undefined ? noTags : checkTags(tags, () => at('.tags')),
    };
  }

  /**
   * The batches with what the registry's schemas make of them; the same without a registry.
   *
   * @throws {@link EventValidationError} for the first event that does not fit.
   */
  validate(batches: readonly EventBatch[]): readonly EventBatch[] | Promise<readonly EventBatch[]> {
    const registry = this.#registry;
    if (!registry) return batches;
    const several = batches.length > 1;
    return eachEvent(batches, (event, _, index, batchIndex) =>
      validateEvent(event, registry, this.payloads, `${several ? `requests[${batchIndex}].` : ''}events[${index}]`),
    );
  }

  /** The batches as they are stored: large data compressed, all of it encrypted where that is set. */
  seal(batches: readonly EventBatch[]): readonly EventBatch[] | Promise<readonly EventBatch[]> {
    if (batches.every(({ events }) => events.every(({ data }) => this.seals.leaves(data)))) return batches;
    return eachEvent(batches, (event, stream) =>
      andThen(this.seals.seal(event.data, contextOf(event, stream)), (payload) => {
        if (!payload) throw new InvalidArgumentError('options.encryption', 'a ciphertext for each event', payload);
        return { ...event, data: payload.data, encoding: payload.encoding };
      }),
    );
  }

  /**
   * Stored events as they are given out.
   *
   * @throws {@link UnreadableEventError} for the first that can't be decoded: which of them says why.
   */
  async decode(events: readonly StoredEvent[]): Promise<RecordedEvent[]> {
    const decoded = new Array<RecordedEvent>(events.length);
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!;
      if (event.encoding === 'json') {
        decoded[index] = this.decodePlain(event);
        continue;
      }
      try {
        const data = this.seals.open(event, () => contextOf(event, event.stream));
        decoded[index] = this.#record(event, data instanceof Promise ? await data : data);
      } catch (error) {
        throw unreadable(event, error);
      }
    }
    return decoded;
  }

  /**
   * The same at once.
   *
   * @throws {@link SynchronousAppendError} if the encryption gives a promise.
   */
  decodeAtOnce(events: readonly StoredEvent[]): RecordedEvent[] {
    return events.map((event) => {
      try {
        return this.#record(
          event,
          atOnce(
            this.seals.open(event, () => contextOf(event, event.stream)),
            'encryption',
          ),
        );
      } catch (error) {
        throw unreadable(event, error);
      }
    });
  }

  /** An event whose data is plain JSON text, given out at once. @throws As {@link EventCodec.decode}. */
  decodePlain(event: StoredEvent): RecordedEvent {
    try {
      return this.#record(event, JSON.parse(event.data));
    } catch (error) {
      throw unreadable(event, error);
    }
  }

  #encodeMetadata(metadata: EventMetadata, what: string): string {
    if (!isPlainObject(metadata)) throw new InvalidArgumentError(what, 'an object', metadata);
    checkMetadataKeys(metadata, what);
    return this.payloads.encode(metadata, what).data;
  }

  #record(event: StoredEvent, opened: unknown): RecordedEvent {
    if (opened === unencryptable) {
      throw new EventEncodingError({ ...event, advice: 'give the store the encryption that it was written with' });
    }
    const { metadata, schemaVersion } = splitMetadata(event.metadata);
    const data = opened === shredded ? null : this.#upcast(event, schemaVersion, deepFreeze(opened as JsonValue));
    const recorded: { -readonly [K in keyof RecordedEvent]: RecordedEvent[K] } = {
      id: event.id,
      stream: event.stream,
      version: event.version,
      position: event.position,
      type: event.type,
      data,
      metadata,
      timestamp: new Date(event.timestamp),
      tags: event.tags.length === 0 ? noTags : Object.freeze(event.tags),
    };
    if (schemaVersion !== 1) recorded.schemaVersion = schemaVersion;
    if (opened === shredded) recorded.shredded = true;
    return Object.freeze(recorded);
  }

  #upcast(event: StoredEvent, schemaVersion: number, data: JsonValue): JsonValue {
    return this.#registry ? this.#registry.upcast(event, schemaVersion, data) : data;
  }
}

function contextOf({ id, type }: EncodedEvent, stream: string): EncryptionContext {
  return { kind: 'event', stream, id, type };
}

function unreadable(event: StoredEvent, cause: unknown): unknown {
  if (isMigrationError(cause, 'COMPRESSION_UNAVAILABLE')) {
    return new EventEncodingError({ ...event, advice: cause.message }, { cause });
  }
  const isDamage = !isMigrationError(cause) || cause.code === 'DECRYPTION_FAILED';
  return isDamage ? new EventCorruptedError(event, { cause }) : cause;
}

type Step = (
  event: EncodedEvent,
  stream: string,
  index: number,
  batchIndex: number,
) => EncodedEvent | Promise<EncodedEvent>;

/** The batches with each event replaced. All steps begin at once. */
function eachEvent(batches: readonly EventBatch[], step: Step): readonly EventBatch[] | Promise<readonly EventBatch[]> {
  const replaced = batches.map(({ stream, events }, batchIndex) =>
    events.map((event, index) => {
      const next = step(event, stream, index, batchIndex);
      // If a later one throws at once, nobody comes for this one.
      if (next instanceof Promise) next.catch(() => {});
      return next;
    }),
  );
  const rebuilt = (lists: readonly (readonly EncodedEvent[])[]) =>
    batches.map((batch, index) => ({ ...batch, events: lists[index]! }));
  if (!replaced.some((list) => list.some((event) => event instanceof Promise))) {
    return rebuilt(replaced as EncodedEvent[][]);
  }
  return Promise.all(replaced.map((list) => Promise.all(list))).then(rebuilt);
}
