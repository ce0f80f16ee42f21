// The suite is only worth something if it turns red on adapters that are wrong: each mutant breaks one promise of a
// correct adapter, and names the group of cases that must notice.
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type {
  AppendOutcome,
  EncodedEvent,
  EventAdapter,
  EventBatch,
  StoredEvent,
  StoredSnapshot,
} from '../../src/events/event-adapter.ts';
import { eventAdapterConformance } from '../../src/testing/event-adapter-conformance.ts';

type Next = MemoryEventAdapter;
const pause = () => new Promise((resolve) => setImmediate(resolve));
const any = (batches: readonly EventBatch[]): EventBatch[] =>
  batches.map((batch) => ({ ...batch, expectedVersion: 'any' }));

/** Methods that replace those of a correct adapter; `next` is the correct one. */
const mutants: Record<string, (next: Next) => Partial<EventAdapter>> = {
  'accepts a stale expected version': (next) => ({ append: (batches) => next.append(any(batches)) }),
  'ignores no_stream': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => (b.expectedVersion === 'no_stream' ? { ...b, expectedVersion: 'any' } : b))),
  }),
  'ignores the expected version 0': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => (b.expectedVersion === 0 ? { ...b, expectedVersion: 'any' } : b))),
  }),
  'ignores stream_exists': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => (b.expectedVersion === 'stream_exists' ? { ...b, expectedVersion: 'any' } : b))),
  }),
  'checks the expected version of the first batch only': (next) => ({
    append: ([first, ...rest]) => next.append([first!, ...any(rest)]),
  }),
  'checks first and writes later': (next) => ({
    async append(batches) {
      for (const { stream, expectedVersion } of batches) {
        const actualVersion = await next.streamVersion(stream);
        if (typeof expectedVersion === 'number' && expectedVersion !== actualVersion) {
          return { status: 'conflict', stream, actualVersion };
        }
      }
      await pause();
      return next.append(batches.map((b) => (typeof b.expectedVersion === 'number' ? any([b])[0]! : b)));
    },
  }),
  'refuses the expected version any when appends race': (next) => {
    let busy = false;
    return {
      async append(batches) {
        if (busy) return { status: 'conflict', stream: batches[0]!.stream, actualVersion: 0 };
        busy = true;
        await pause();
        const outcome = await next.append(batches);
        busy = false;
        return outcome;
      },
    };
  },
  'reports a wrong actual version': (next) => ({
    async append(batches) {
      const outcome = await next.append(batches);
      return outcome.status === 'conflict' ? { ...outcome, actualVersion: -1 } : outcome;
    },
  }),
  'reports the conflict of the wrong stream': (next) => ({
    async append(batches) {
      const outcome = await next.append(batches);
      return outcome.status === 'conflict' ? { ...outcome, stream: batches[0]!.stream } : outcome;
    },
  }),
  'is not atomic over streams': (next) => ({
    async append(batches) {
      const results: AppendOutcome[] = [];
      for (const batch of batches) {
        const outcome = await next.append([batch]);
        if (outcome.status !== 'appended') return outcome;
        results.push(outcome);
      }
      return { status: 'appended', batches: results.flatMap((r) => (r.status === 'appended' ? r.batches : [])) };
    },
  }),
  'shows half an append over streams': (next) => ({
    async append(batches) {
      const results: AppendOutcome[] = [];
      for (const batch of batches) {
        results.push(await next.append([batch]));
        await pause();
      }
      return { status: 'appended', batches: results.flatMap((r) => (r.status === 'appended' ? r.batches : [])) };
    },
  }),
  'forgets idempotence': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => ({ ...b, events: b.events.map((e) => ({ ...e, id: crypto.randomUUID() })) }))),
  }),
  'compares versions before ids': (next) => ({
    async append(batches) {
      for (const { stream, expectedVersion } of batches) {
        const actualVersion = await next.streamVersion(stream);
        if (typeof expectedVersion === 'number' && expectedVersion !== actualVersion) {
          return { status: 'conflict', stream, actualVersion };
        }
      }
      return next.append(batches);
    },
  }),
  'keeps ids apart by stream': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => ({ ...b, events: b.events.map((e) => ({ ...e, id: `${b.stream}/${e.id}` })) }))),
  }),
  'appends the new ones among stored ids': (next) => ({
    async append(batches) {
      const outcome = await next.append(batches);
      if (outcome.status !== 'existing') return outcome;
      const known = new Set(outcome.events.map(({ id }) => id));
      const rest = batches
        .map((b) => ({ ...b, expectedVersion: 'any' as const, events: b.events.filter(({ id }) => !known.has(id)) }))
        .filter((b) => b.events.length > 0);
      if (rest.length > 0) await next.append(rest);
      return outcome;
    },
  }),
  'loses an overwritten event': (next) => ({
    async append(batches) {
      const outcome = await next.append(batches);
      if (outcome.status !== 'appended' || batches[0]!.events.length < 3) return outcome;
      return { status: 'appended', batches: outcome.batches.map((b) => ({ ...b, version: b.version - 1 })) };
    },
  }),
  'swaps the order within an append': (next) => ({
    append: (batches) => next.append(batches.map((b) => ({ ...b, events: b.events.toReversed() }))),
  }),
  'swaps the order of the batches': (next) => ({ append: (batches) => next.append(batches.toReversed()) }),
  'gives the global order by stream': (next) => ({
    async readAll(page) {
      const events = await next.readAll(page);
      return events.toSorted((a, b) => (a.stream < b.stream ? -1 : 1));
    },
  }),
  'includes the position it should be after': (next) => ({
    readAll: ({ after, limit }) => next.readAll({ after: Math.max(0, after - 1), limit }),
  }),
  'skips an event at page ends': (next) => ({
    async readAll({ after, limit }) {
      const page = await next.readAll({ after, limit: limit + 1 });
      return page.slice(page.length > limit ? 1 : 0);
    },
  }),
  'gives short pages before the end': (next) => ({
    readAll: ({ after, limit }) => next.readAll({ after, limit: Math.max(1, limit - 1) }),
  }),
  'shows a later commit before an earlier one': (next) => {
    const hidden = new Set<number>();
    return {
      async append(batches) {
        const outcome = await next.append(batches);
        if (outcome.status !== 'appended') return outcome;
        const { position } = outcome.batches[0]!;
        if (position % 2 === 0) {
          hidden.add(position);
          await pause();
          await pause();
          hidden.delete(position);
        }
        return outcome;
      },
      readAll: async (page) => (await next.readAll(page)).filter(({ position }) => !hidden.has(position)),
    };
  },
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
  'folds the case of stream names': (next) => ({
    append: (batches) => next.append(batches.map((b) => ({ ...b, stream: b.stream.toLowerCase() }))),
    readStream: (page) => next.readStream({ ...page, stream: page.stream.toLowerCase() }),
    streamVersion: (stream) => next.streamVersion(stream.toLowerCase()),
  }),
  'normalizes names': (next) => ({
    append: (batches) => next.append(batches.map((b) => ({ ...b, stream: b.stream.normalize('NFC') }))),
  }),
  'trims names': (next) => ({
    append: (batches) => next.append(batches.map((b) => ({ ...b, stream: b.stream.trim() }))),
  }),
  'cuts long names': (next) => ({
    append: (batches) => next.append(batches.map((b) => ({ ...b, stream: b.stream.slice(0, 100) }))),
    streamVersion: (stream) => next.streamVersion(stream.slice(0, 100)),
  }),
  'parses and prints payloads': (next) => ({
    append: (batches) =>
      next.append(
        batches.map((b) => ({
          ...b,
          events: b.events.map((e) =>
            e.encoding === 'json' ? { ...e, data: JSON.stringify(JSON.parse(e.data, (_, v) => v ?? undefined)) } : e,
          ),
        })),
      ),
  }),
  'drops NUL from payloads': (next) => ({
    append: (batches) =>
      next.append(
        batches.map((b) => ({ ...b, events: b.events.map((e) => ({ ...e, data: e.data.replaceAll('\\u0000', '') })) })),
      ),
  }),
  'forgets the encoding': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => ({ ...b, events: b.events.map((e) => ({ ...e, encoding: 'json' })) }))),
  }),
  'drops metadata': (next) => ({
    append: (batches) =>
      next.append(batches.map((b) => ({ ...b, events: b.events.map((e) => ({ ...e, metadata: '{}' })) }))),
  }),
  'keeps seconds, not milliseconds': (next) => ({
    append: (batches) =>
      next.append(
        batches.map((b) => ({
          ...b,
          events: b.events.map((e) => ({ ...e, timestamp: Math.floor(e.timestamp / 1000) * 1000 })),
        })),
      ),
  }),
  'keeps the caller’s objects': (next) => {
    const given = new Map<string, EncodedEvent>();
    return {
      append(batches) {
        for (const { events } of batches) for (const event of events) given.set(event.id, event);
        return next.append(batches);
      },
      readStream: async (page) => (await next.readStream(page)).map((event) => ({ ...event, ...given.get(event.id) })),
    };
  },
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
  'makes a stream of a refused append': (next) => {
    const ghosts = new Set<string>();
    return {
      async append(batches) {
        const outcome = await next.append(batches);
        if (outcome.status === 'conflict') for (const { stream } of batches) ghosts.add(stream);
        return outcome;
      },
      streamVersion: async (stream) => (await next.streamVersion(stream)) || (ghosts.has(stream) ? 1 : 0),
    };
  },
  'keeps one snapshot a stream': (next) => ({
    loadSnapshot: (stream) => next.loadSnapshot(stream, ''),
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, name: '' }),
  }),
  'keeps one snapshot a name': (next) => ({
    loadSnapshot: (_, name) => next.loadSnapshot('', name),
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, stream: '' }),
  }),
  'keeps the first snapshot': (next) => ({
    async saveSnapshot(snapshot: StoredSnapshot) {
      if (!(await next.loadSnapshot(snapshot.stream, snapshot.name))) await next.saveSnapshot(snapshot);
    },
  }),
  'has a snapshot for everyone': (next) => ({
    async loadSnapshot(stream, name) {
      const none = { stream, name, schemaVersion: 1, version: 0, eventId: '', data: '0', encoding: 'json' };
      return (await next.loadSnapshot(stream, name)) ?? none;
    },
  }),
  'forgets the encoding of snapshots': (next) => ({
    saveSnapshot: (snapshot) => next.saveSnapshot({ ...snapshot, encoding: 'json' }),
  }),
  'lets a checkpoint only grow': (next) => ({
    async saveCheckpoint(name, { position, state }, options) {
      const last = (await next.loadCheckpoint(name))?.position ?? 0;
      return next.saveCheckpoint(name, { position: Math.max(position, last), state }, options);
    },
  }),
  'has one checkpoint for all': (next) => ({
    loadCheckpoint: () => next.loadCheckpoint(''),
    saveCheckpoint: (_, checkpoint, options) => next.saveCheckpoint('', checkpoint, options),
  }),
  'has a checkpoint where there is none': (next) => ({
    loadCheckpoint: async (name) =>
      (await next.loadCheckpoint(name)) ?? { name, position: 0, state: '{}', revision: 0 },
  }),
  'keeps checkpoints in 32 bits': (next) => ({
    saveCheckpoint: (name, { position, state }, options) =>
      next.saveCheckpoint(name, { position: position | 0, state }, options),
  }),
  'drops everything on init': () => {
    let next = new MemoryEventAdapter();
    return {
      async init() {
        next = new MemoryEventAdapter();
      },
      append: (batches) => next.append(batches),
      readStream: (page) => next.readStream(page),
    };
  },
};

/** A correct adapter with some methods replaced. */
function mutate(mutant: (next: Next) => Partial<EventAdapter>): EventAdapter {
  const next = new MemoryEventAdapter();
  return Object.assign(Object.create(bound(next)) as EventAdapter, mutant(next));
}

/** The adapter with methods that work on it whoever has them: its fields are private. */
function bound(next: Next): EventAdapter {
  return new Proxy(next, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Runs the suite on mutants and gives the titles of the cases that fail. */
async function failures(mutant: (next: Next) => Partial<EventAdapter>): Promise<string[]> {
  const cases: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_: string, define: () => void) => define(),
    it: (title: string, run: () => Promise<void>) => cases.push([title, run]),
  };
  eventAdapterConformance(runner, { create: async () => mutate(mutant) });
  const failed: string[] = [];
  for (const [title, run] of cases) await run().catch(() => failed.push(title));
  return failed;
}

describe('the conformance suite of EventAdapter', () => {
  it('is green on a correct adapter', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  it.each(Object.keys(mutants))('is red on an adapter that %s', async (mutant) => {
    expect(await failures(mutants[mutant]!)).not.toEqual([]);
  });
});
