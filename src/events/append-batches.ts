import { type ArgumentName, spelled } from '../core/argument-name.ts';
import { checkInteger } from '../core/check-integer.ts';
import type { Clock } from '../core/clock.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import type { ExpectedVersion } from '../core/expected-version.ts';
import type { AppendCondition, EventBatch } from './event-adapter.ts';
import type { EventCodec } from './event-codec.ts';
import { checkName, checkQuery } from './event-names.ts';
import type { AppendManyOptions, AppendRequest } from './event-store-options.ts';
import { NewIds } from './new-ids.ts';

/**
 * A request checked and turned into text: what the caller does to its objects afterwards changes nothing.
 *
 * @param path - Where the request stands among the arguments, for messages: empty or ending in a dot.
 * @throws {@link InvalidArgumentError} naming what is wrong.
 */
export function encodeRequest(request: AppendRequest, codec: EventCodec, clock: Clock, path: string): EventBatch {
  const { stream, events, expectedVersion = 'any' } = request;
  checkName(stream, () => `${path}stream`);
  checkExpectedVersion(expectedVersion, () => `${path}expectedVersion`);
  if (!Array.isArray(events) || events.length === 0) {
    throw new InvalidArgumentError(`${path}events`, 'an array of at least one event', events);
  }
  const ids = new NewIds();
  const encoded = events.map((event, index) =>
    codec.encode(event, clock, ids, (field) => `${path}events[${index}]${field}`),
  );
  return { stream, expectedVersion, events: encoded, idsAreNew: ids.made === encoded.length };
}

/** @throws {@link InvalidArgumentError} if a stream or an event id occurs twice: its versions would be ambiguous. */
export function checkDistinct(batches: readonly EventBatch[]): void {
  if (batches.length === 1 && batches[0]!.events.length === 1) return;
  const streams = new Set<string>();
  const ids = new Set<string>();
  for (const { stream, events } of batches) {
    if (streams.has(stream)) throw new InvalidArgumentError('requests', 'each stream once', stream);
    streams.add(stream);
    for (const { id } of events) {
      if (ids.has(id)) throw new InvalidArgumentError('events', 'each id once', id);
      ids.add(id);
    }
  }
}

/** @throws {@link InvalidArgumentError} for what is not an expected version. */
export function checkExpectedVersion(expected: ExpectedVersion, what: ArgumentName): void {
  if (expected === 'any' || expected === 'no_stream' || expected === 'stream_exists') return;
  if (typeof expected !== 'number') {
    throw new InvalidArgumentError(spelled(what), "a version, 'any', 'no_stream' or 'stream_exists'", expected);
  }
  checkInteger(expected, 0, what);
}

/** The condition of an append, checked; nothing where there is none. */
export function appendCondition({ failIfEventsMatch, after = 0 }: AppendManyOptions): AppendCondition | undefined {
  checkInteger(after, 0, 'options.after');
  if (failIfEventsMatch === undefined) {
    if (after > 0)
      throw new InvalidArgumentError('options.failIfEventsMatch', 'a query beside options.after', undefined);
    return undefined;
  }
  return { failIfEventsMatch: checkQuery(failIfEventsMatch, 'options.failIfEventsMatch'), after };
}
