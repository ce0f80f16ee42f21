import { abortable } from '../core/abort.ts';
import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { epochsOf, positionIn } from './epochs.ts';
import type { EventAdapter, StoredEvent } from './event-adapter.ts';
import { checkName, checkQuery } from './event-names.ts';
import { EventSequence } from './event-sequence.ts';
import type { ReadAllOptions, ReadOptions } from './event-store-options.ts';
import { type Paging, readAhead } from './read-ahead.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** What reading needs of a store. */
export interface BatchSource<R extends RecordedEvent = RecordedEvent> {
  adapter(): Promise<EventAdapter>;
  decode(events: readonly StoredEvent[]): Promise<R[]>;
}

const unbounded = Number.MAX_SAFE_INTEGER;

/** The events of one stream, read a batch at a time. */
export function streamSequence<R extends RecordedEvent>(
  source: BatchSource<R>,
  stream: string,
  options: ReadOptions,
): EventSequence<R> {
  const { fromVersion = 1, toVersion = unbounded, direction = 'forward', signal } = options;
  checkName(stream, 'stream');
  checkInteger(fromVersion, 0, 'options.fromVersion');
  checkInteger(toVersion, 0, 'options.toVersion');
  if (direction !== 'forward' && direction !== 'backward') {
    throw new InvalidArgumentError('options.direction', "'forward' or 'backward'", direction);
  }
  const isForward = direction === 'forward';
  const inRange = (version: number) => (version >= fromVersion && version <= toVersion ? version : undefined);
  return sequence(source, options, {
    start: async () => (fromVersion > toVersion ? undefined : isForward ? fromVersion : toVersion),
    read: (adapter, start, limit) => {
      const [from, to] = isForward ? [start, toVersion] : [fromVersion, start];
      return abortable(adapter.readStream({ stream, from, to, limit, direction }), signal);
    },
    next: ({ version }) => inRange(isForward ? version + 1 : version - 1),
    // A stream has no gaps.
    guess: (start, limit) => inRange(isForward ? start + limit : start - limit),
  });
}

/** The events of the whole store, read a batch at a time. */
export function allSequence<R extends RecordedEvent>(
  source: BatchSource<R>,
  options: ReadAllOptions,
): EventSequence<R> {
  const { after = 0, signal } = options;
  if (typeof after !== 'string') checkInteger(after, 0, 'options.after');
  const query = options.query && checkQuery(options.query, 'options.query');
  return sequence(source, options, {
    start: async (adapter) => (typeof after === 'string' ? positionIn(await epochsOf(adapter), after) : after),
    read: (adapter, start, limit) => abortable(adapter.readAll({ after: start, limit, query }), signal),
    next: ({ position }) => position,
  });
}

interface EventPaging extends Omit<Paging<StoredEvent>, 'read'> {
  /** Nothing where there is nothing to read. */
  start(adapter: EventAdapter): Promise<number | undefined>;
  read(adapter: EventAdapter, start: number, limit: number): Promise<readonly StoredEvent[]>;
}

function sequence<R extends RecordedEvent>(
  source: BatchSource<R>,
  options: { limit?: number; batchSize?: number; signal?: AbortSignal | undefined },
  paging: EventPaging,
): EventSequence<R> {
  const { limit = unbounded, batchSize = 500, signal } = options;
  checkInteger(limit, 0, 'options.limit');
  checkInteger(batchSize, 1, 'options.batchSize');
  return new EventSequence(async function* (ahead) {
    if (limit === 0) return;
    signal?.throwIfAborted();
    const adapter = await source.adapter();
    const start = await paging.start(adapter);
    if (start === undefined) return;
    const read = async (from: number, size: number) => {
      signal?.throwIfAborted();
      return paging.read(await source.adapter(), from, size);
    };
    for await (const page of readAhead({ ...paging, read }, { start, limit, pageSize: batchSize, ahead })) {
      // What is here already is not wanted any more either.
      signal?.throwIfAborted();
      yield await source.decode(page);
    }
  });
}
