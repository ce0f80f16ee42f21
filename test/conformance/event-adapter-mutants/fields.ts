import type { EncodedEvent, StoredEvent } from '../../../src/events/event-adapter.ts';
import { batchesBy, eventsBy, type Mutants } from './mutant.ts';

export const nameMutants: Mutants = {
  'folds the case of stream names': (next) => ({
    append: (batches, options) =>
      next.append(
        batches.map((batch) => ({ ...batch, stream: batch.stream.toLowerCase() })),
        options,
      ),
    readStream: (page) => next.readStream({ ...page, stream: page.stream.toLowerCase() }),
    streamVersion: (stream) => next.streamVersion(stream.toLowerCase()),
  }),
  'normalizes names': batchesBy((batch) => ({ ...batch, stream: batch.stream.normalize('NFC') })),
  'trims names': batchesBy((batch) => ({ ...batch, stream: batch.stream.trim() })),
  'cuts long names': (next) => ({
    append: (batches, options) =>
      next.append(
        batches.map((batch) => ({ ...batch, stream: batch.stream.slice(0, 100) })),
        options,
      ),
    streamVersion: (stream) => next.streamVersion(stream.slice(0, 100)),
  }),
};

export const fieldMutants: Mutants = {
  'parses and prints payloads': eventsBy((event) =>
    event.encoding === 'json'
      ? { ...event, data: JSON.stringify(JSON.parse(event.data, (_, value) => value ?? undefined)) }
      : event,
  ),
  'drops NUL from payloads': eventsBy((event) => ({ ...event, data: event.data.replaceAll('\\u0000', '') })),
  'forgets the encoding': eventsBy((event) => ({ ...event, encoding: 'json' })),
  'drops metadata': eventsBy((event) => ({ ...event, metadata: '{}' })),
  'keeps seconds, not milliseconds': eventsBy((event) => ({
    ...event,
    timestamp: Math.floor(event.timestamp / 1000) * 1000,
  })),
  'keeps the caller’s objects': (next) => {
    const given = new Map<string, EncodedEvent>();
    return {
      append(batches, options) {
        for (const { events } of batches) for (const event of events) given.set(event.id, event);
        return next.append(batches, options);
      },
      readStream: async (page) => (await next.readStream(page)).map((event) => ({ ...event, ...given.get(event.id) })),
    };
  },
};

export const readMutants: Mutants = {
  'gives out its own objects': (next) => {
    const pages = new Map<string, StoredEvent[]>();
    return {
      async readStream(page) {
        const key = JSON.stringify(page);
        const kept = pages.get(key) ?? (await next.readStream(page)).map((event) => ({ ...event }));
        if (kept.length > 0) pages.set(key, kept);
        return kept;
      },
    };
  },
  'says the last position is the number of streams': () => ({ lastPosition: async () => 1 }),
};

export const pageMutants: Mutants = {
  'gives the global order by stream': (next) => ({
    async readAll(page) {
      const events = await next.readAll(page);
      return events.toSorted((a, b) => (a.stream < b.stream ? -1 : 1));
    },
  }),
  'includes the position it should be after': (next) => ({
    readAll: ({ after, ...page }) => next.readAll({ ...page, after: Math.max(0, after - 1) }),
  }),
  'skips an event at page ends': (next) => ({
    async readAll({ limit, ...rest }) {
      const page = await next.readAll({ ...rest, limit: limit + 1 });
      return page.slice(page.length > limit ? 1 : 0);
    },
  }),
  'gives short pages before the end': (next) => ({
    readAll: ({ limit, ...rest }) => next.readAll({ ...rest, limit: Math.max(1, limit - 1) }),
  }),
  'ignores the direction': (next) => ({
    readStream: (page) => next.readStream({ ...page, direction: 'forward' }),
  }),
  'limits before it turns the direction': (next) => ({
    async readStream(page) {
      const events = await next.readStream({ ...page, direction: 'forward' });
      return page.direction === 'backward' ? events.toReversed() : events;
    },
  }),
  'ignores the lower bound': (next) => ({ readStream: (page) => next.readStream({ ...page, from: 1 }) }),
  'ignores the upper bound': (next) => ({
    readStream: (page) => next.readStream({ ...page, to: Number.MAX_SAFE_INTEGER }),
  }),
  'excludes the upper bound': (next) => ({
    readStream: (page) => next.readStream({ ...page, to: page.to === Number.MAX_SAFE_INTEGER ? page.to : page.to - 1 }),
  }),
  'never gives more than 100 events of a stream': (next) => ({
    readStream: (page) => next.readStream({ ...page, limit: Math.min(page.limit, 100) }),
  }),
};
