import { InvalidArgumentError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import { deepFreeze, isPlainObject, type JsonValue } from '../core/json-value.ts';
import type { EventMetadata } from './domain-event.ts';
import { EventCorruptedError } from './errors.ts';
import type { EncodedEvent, StoredEvent } from './event-adapter.ts';
import { checkName, checkTags, noTags } from './event-names.ts';
import type { PayloadCodec } from './payload-codec.ts';
import type { NewEvent, RecordedEvent } from './recorded-event.ts';

/**
 * A new event checked and made ready to be stored, not compressed yet.
 *
 * @throws {@link InvalidArgumentError} naming the field that is wrong.
 */
export function encodeEvent(event: NewEvent, codec: PayloadCodec, now: () => number, what: string): EncodedEvent {
  if (typeof event !== 'object' || event === null) throw new InvalidArgumentError(what, 'an event', event);
  const { id, type, data, metadata, timestamp, tags } = event;
  if (metadata !== undefined && !isPlainObject(metadata)) {
    throw new InvalidArgumentError(`${what}.metadata`, 'an object', metadata);
  }
  const time =
    timestamp === undefined ? Math.floor(now()) : timestamp instanceof Date ? timestamp.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError(`${what}.timestamp`, 'a valid Date', timestamp);
  return {
    id: id === undefined ? createId() : checkName(id, `${what}.id`),
    type: checkName(type, `${what}.type`),
    ...codec.encode(data, `${what}.data`),
    metadata: metadata === undefined ? '{}' : codec.encode(metadata, `${what}.metadata`).data,
    timestamp: time,
    tags: tags === undefined ? noTags : checkTags(tags, `${what}.tags`),
  };
}

/**
 * Stored events as they are given out.
 *
 * @throws {@link EventCorruptedError} for the first that can't be decoded.
 */
export async function decodeEvents(events: readonly StoredEvent[], codec: PayloadCodec): Promise<RecordedEvent[]> {
  const decoded = new Array<RecordedEvent>(events.length);
  for (const [index, event] of events.entries()) {
    try {
      const data = codec.decode(event);
      decoded[index] = record(event, (data instanceof Promise ? await data : data) as JsonValue);
    } catch (error) {
      throw new EventCorruptedError(event, { cause: error });
    }
  }
  return decoded;
}

function record(event: StoredEvent, data: JsonValue): RecordedEvent {
  return Object.freeze({
    id: event.id,
    stream: event.stream,
    version: event.version,
    position: event.position,
    type: event.type,
    data: deepFreeze(data),
    metadata: event.metadata === '{}' ? noMetadata : deepFreeze(JSON.parse(event.metadata) as EventMetadata),
    timestamp: new Date(event.timestamp),
    tags: Object.freeze(event.tags),
  });
}

const noMetadata: EventMetadata = Object.freeze({});
