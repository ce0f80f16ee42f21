import { abortable } from '../core/abort.ts';
import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { epochsOf, positionIn } from './epochs.ts';
import type { EventAdapter, StoredEvent } from './event-adapter.ts';
import { checkName, checkQuery } from './event-names.ts';
import { EventSequence } from './event-sequence.ts';
import type { ReadAllOptions, ReadOptions } from './event-store-options.ts';
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
  return sequence(source, options, async (adapter, limit, last) => {
    const from = direction === 'forward' && last ? last.version + 1 : fromVersion;
    const to = direction === 'backward' && last ? last.version - 1 : toVersion;
    if (from > to) return [];
    return abortable(adapter.readStream({ stream, from, to, limit, direction }), signal);
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
  return sequence(source, options, async (adapter, limit, last) => {
    const start = last?.position ?? (typeof after === 'string' ? positionIn(await epochsOf(adapter), after) : after);
    return abortable(adapter.readAll({ after: start, limit, query }), signal);
  });
}

type ReadPage = (
  adapter: EventAdapter,
  limit: number,
  last: StoredEvent | undefined,
) => Promise<readonly StoredEvent[]>;

function sequence<R extends RecordedEvent>(
  source: BatchSource<R>,
  options: { limit?: number; batchSize?: number; signal?: AbortSignal | undefined },
  readPage: ReadPage,
): EventSequence<R> {
  const { limit = unbounded, batchSize = 500, signal } = options;
  checkInteger(limit, 0, 'options.limit');
  checkInteger(batchSize, 1, 'options.batchSize');
  const read = async (size: number, last?: StoredEvent) => {
    signal?.throwIfAborted();
    return readPage(await source.adapter(), size, last);
  };
  return new EventSequence(async function* (ahead) {
    let left = limit;
    let size = Math.min(left, batchSize);
    let coming = size > 0 ? read(size) : undefined;
    while (coming) {
      const page = await coming;
      const isLast = page.length < size || page.length === left;
      left -= page.length;
      size = Math.min(left, batchSize);
      const next = () => (isLast ? undefined : read(size, page.at(-1)));
      if (ahead) {
        coming = next();
        // Whoever stops iterating does not come for it: then it fails for nobody.
        coming?.catch(() => {});
      }
      if (page.length > 0) yield await source.decode(page);
      if (!ahead) coming = next();
    }
  });
}
