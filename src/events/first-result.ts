import { jsonEqual } from '../core/json-value.ts';
import { DuplicateEventError } from './errors.ts';
import type { AppendedBatch, EventBatch } from './event-adapter.ts';
import type { EventCodec } from './event-codec.ts';
import type { RecordedEvent } from './recorded-event.ts';

/**
 * The result of the append that stored these batches before, if it is the same append repeated (ES4): every event is
 * stored, in its stream, in this order without others between, with this type, data, metadata and tags. The time at which
 * it happened is not compared, since it may be the time of the try; nor is data that was shredded.
 *
 * @param batches - As they were before they were compressed and encrypted.
 *
 * @throws {@link DuplicateEventError} naming the first event that differs.
 */
export function firstResult(
  batches: readonly EventBatch[],
  stored: readonly RecordedEvent[],
  codec: EventCodec,
): AppendedBatch[] {
  const byId = new Map(stored.map((event) => [event.id, event]));
  const results: AppendedBatch[] = [];
  for (const { stream, events } of batches) {
    const again = events.map((event) => codec.decodePlain({ ...event, stream, version: 0, position: 0 }));
    let last: AppendedBatch | undefined;
    for (const event of again) {
      const first = byId.get(event.id);
      const differs = (detail: string) => new DuplicateEventError({ eventId: event.id, stream, detail });
      if (!first) throw differs('is new, but others of the same append are stored already');
      if (first.stream !== stream) throw differs(`is stored already in stream "${first.stream}"`);
      if (first.type !== event.type || !(first.shredded || jsonEqual(first.data, event.data))) {
        throw differs(`is stored already with other content, at version ${first.version}`);
      }
      if (!jsonEqual(first.metadata, event.metadata)) {
        throw differs(`is stored already with other metadata, at version ${first.version}`);
      }
      if (!jsonEqual(first.tags, event.tags)) {
        throw differs(`is stored already with other tags, at version ${first.version}`);
      }
      if (last && first.version !== last.version + 1) {
        throw differs(`is stored already, but at version ${first.version}, not after the one before it`);
      }
      last = { version: first.version, position: first.position };
    }
    if (last) results.push(last);
  }
  return results;
}
