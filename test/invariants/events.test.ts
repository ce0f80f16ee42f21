import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import type { ExpectedVersion } from '../../src/core/expected-version.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import type { AllPage, EventAdapter, EventBatch, StoredEvent } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { NewEvent } from '../../src/events/recorded-event.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';
import { runs } from './runs.ts';

const streamNames = ['a', 'b', 'c'] as const;
const expectation = fc.oneof(
  fc.constantFrom<ExpectedVersion>('any', 'no_stream', 'stream_exists'),
  fc.nat(6) as fc.Arbitrary<ExpectedVersion>,
);
const request = fc.record({
  stream: fc.constantFrom(...streamNames),
  expectedVersion: expectation,
  // Few ids, so that appends are repeated, overlap and clash.
  ids: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 3 }),
  content: fc.nat(1),
});
const requests = fc.uniqueArray(request, { minLength: 1, maxLength: 3, selector: ({ stream }) => stream });

interface ModelEvent {
  readonly stream: string;
  readonly id: string;
  readonly content: number;
}

/** The promises of append, as one list of events and the plainest code. */
class Model {
  readonly log: ModelEvent[] = [];

  of(stream: string) {
    return this.log.filter((event) => event.stream === stream);
  }

  append(asked: { stream: string; expectedVersion: ExpectedVersion; ids: readonly number[]; content: number }[]) {
    const ids = asked.flatMap((each) => each.ids);
    if (new Set(ids).size < ids.length) return 'INVALID_ARGUMENT';
    if (this.log.some(({ id }) => ids.map(String).includes(id))) return this.#firstResult(asked) ?? 'DUPLICATE_EVENT';
    for (const { stream, expectedVersion } of asked) {
      const version = this.of(stream).length;
      const met =
        expectedVersion === 'any' ||
        (expectedVersion === 'stream_exists'
          ? version > 0
          : version === (expectedVersion === 'no_stream' ? 0 : expectedVersion));
      if (!met) return 'CONCURRENCY_CONFLICT';
    }
    for (const { stream, ids, content } of asked) {
      for (const id of ids) this.log.push({ stream, id: String(id), content });
    }
    return asked.map(({ stream }) => this.of(stream).length);
  }

  #firstResult(asked: { stream: string; ids: readonly number[]; content: number }[]) {
    const ends: number[] = [];
    for (const { stream, ids, content } of asked) {
      const events = this.of(stream);
      const start = events.findIndex(({ id }) => id === String(ids[0]));
      const same = ids.every((id, index) => {
        const event = events[start + index];
        return event?.id === String(id) && event.content === content;
      });
      if (start < 0 || !same) return undefined;
      ends.push(start + ids.length);
    }
    return ends;
  }
}

const newEvents = ({ ids, content }: { ids: readonly number[]; content: number }): NewEvent[] =>
  ids.map((id) => ({ id: String(id), type: 'happened', data: { content } }));

const codeOf = (error: unknown) => (isMigrationError(error) ? error.code : `unexpected ${String(error)}`);

describe('events', () => {
  let db: TestDatabase;
  beforeAll(() => {
    db = openSqlite(':memory:');
  });
  afterAll(() => db.close());

  let made = 0;
  const adapters: Record<string, () => EventAdapter> = {
    memory: () => new MemoryEventAdapter(),
    SQLite: () => new SqliteEventAdapter(db, { tablePrefix: `t${++made}_` }),
  };

  describe.each(Object.keys(adapters))('on %s', (kind) => {
    const newStore = (options = {}) => new EventStore({ adapter: adapters[kind]!(), ...options });

    it('ES1 ES2 ES4 every history of appends is that of a list kept by the plainest code', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(requests, { minLength: 1, maxLength: 12 }), async (history) => {
          const store = newStore();
          const model = new Model();
          for (const asked of history) {
            const expected = model.append(asked);
            const outcome = await store
              .appendMany(asked.map((each) => ({ ...each, events: newEvents(each) })))
              .then((results) => results.map(({ version }) => version))
              .catch(codeOf);
            expect(outcome).toEqual(expected);
          }
          const all = await store.readAll({ batchSize: 3 }).toArray();
          expect(all.map(({ stream, id, data }) => ({ stream, id, ...(data as object) }))).toEqual(model.log);
          for (const stream of streamNames) {
            const events = await store.read(stream, { batchSize: 2 }).toArray();
            expect(events.map(({ id }) => id)).toEqual(model.of(stream).map(({ id }) => id));
            expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
          }
        }),
        runs(kind === 'memory' ? 300 : 40),
      );
    });

    it('ES4 an append repeated returns the first result and adds nothing, whatever came in between', async () => {
      await fc.assert(
        fc.asyncProperty(requests, fc.array(expectation), expectation, async (asked, between, again) => {
          fc.pre(new Set(asked.flatMap(({ ids }) => ids)).size === asked.flatMap(({ ids }) => ids).length);
          const store = newStore();
          const batches = asked.map((each) => ({ ...each, events: newEvents(each), expectedVersion: 'any' as const }));
          const first = await store.appendMany(batches);
          for (const stream of streamNames) {
            for (const _ of between) await store.append(stream, [{ type: 'between', data: null }]);
          }
          const before = (await store.readAll().toArray()).length;
          expect(await store.appendMany(batches.map((each) => ({ ...each, expectedVersion: again })))).toEqual(first);
          expect(await store.readAll().toArray()).toHaveLength(before);
        }),
        runs(kind === 'memory' ? 100 : 20),
      );
    });

    it('ES7 every JSON value comes back equal, compressed or not', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(jsonValue, { minLength: 1, maxLength: 5 }),
          fc.boolean(),
          async (values, compress) => {
            const store = newStore({ compressionEnabled: compress, compressionThresholdBytes: 16 });
            await store.append(
              's',
              values.map((data) => ({ type: 't', data, metadata: { data } })),
            );
            const events = await store.read('s').toArray();
            expect(events.map(({ data }) => data)).toEqual(values);
            expect(events.map(({ metadata }) => metadata)).toEqual(values.map((data) => ({ data })));
          },
        ),
        runs(kind === 'memory' ? 200 : 40),
      );
    });

    it('ES8 a fold with snapshots, taken at any moment and partly damaged, equals the fold without', async () => {
      const step = fc.oneof(
        { weight: 3, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 4 }) }) },
        { weight: 3, arbitrary: fc.record({ fold: fc.integer({ min: 1, max: 2 }) }) },
        { weight: 1, arbitrary: fc.record({ damage: fc.constantFrom('data', 'encoding', 'eventId', 'version') }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.array(fc.boolean()), async (steps, decisions) => {
          const adapter = adapters[kind]!();
          await adapter.init();
          let turn = 0;
          const snapshotStrategy = { shouldSnapshot: () => decisions[turn++ % decisions.length] ?? true };
          const store = new EventStore({ adapter, snapshotStrategy, compressionEnabled: true });
          let count = 0;
          for (const taken of steps) {
            if ('append' in taken) {
              const events = Array.from({ length: taken.append }, () => ({ type: 't', data: ++count }));
              await store.append('s', events);
            } else if ('damage' in taken) {
              const snapshot = await adapter.loadSnapshot('s', 'list');
              // What belongs to another history is whole and readable, but of another state.
              const foreign = { data: '{"fingerprint":"","madeAt":0,"state":[404]}', encoding: 'json' };
              const damaged = {
                data: { data: '{' },
                encoding: { encoding: 'of old' },
                eventId: { ...foreign, eventId: 'of another history' },
                version: { ...foreign, version: 10_000 },
              };
              if (snapshot) await adapter.saveSnapshot({ ...snapshot, ...damaged[taken.damage] });
            } else {
              const { fold: schemaVersion } = taken;
              const fold = {
                initial: (): number[] => [],
                // The two versions of the fold have states that do not fit each other.
                evolve: (state: number[], { data }: { data: unknown }) => [...state, Number(data) * schemaVersion],
              };
              const plain = await store.aggregateStream('s', fold);
              expect(plain).toEqual({
                state: Array.from({ length: count }, (_, index) => (index + 1) * schemaVersion),
                version: count,
              });
              expect(await store.aggregateStream('s', { ...fold, name: 'list', schemaVersion })).toEqual(plain);
              // Snapshots are written beside the fold: let this one be.
              await nextTurn();
            }
          }
        }),
        runs(kind === 'memory' ? 150 : 30),
      );
    });

    it('ES11 any name works or is refused before anything is written', async () => {
      const store = newStore();
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
      );
      await fc.assert(
        fc.asyncProperty(text, text, async (stream, type) => {
          const works = [stream, type].every(
            (name) => name.length >= 1 && name.length <= 255 && name.isWellFormed() && !name.includes('\0'),
          );
          const before = await store.readAll().toArray();
          const outcome = await store.append(stream, [{ type, data: 1 }]).then(() => 'stored', codeOf);
          expect(outcome).toBe(works ? 'stored' : 'INVALID_ARGUMENT');
          if (works) {
            const last = await store.read(stream, { direction: 'backward', limit: 1 }).toArray();
            expect([last[0]?.stream, last[0]?.type]).toEqual([stream, type]);
          } else {
            expect(await store.readAll().toArray()).toHaveLength(before.length);
          }
        }),
        runs(100),
      );
    });
  });

  it('ES2 of racing appends that expect one version exactly one wins, in any interleaving with the storage', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), async (scheduler, writers) => {
        const memory = new MemoryEventAdapter();
        const adapter = delayed(memory, scheduler);
        const store = new EventStore({ adapter });
        const attempts = Array.from({ length: writers }, (_, writer) =>
          store.append('s', [{ type: 'won', data: writer }], { expectedVersion: 'no_stream' }),
        );
        const settled = Promise.allSettled(attempts);
        await scheduler.waitFor(settled);
        const outcomes = (await settled).map((each) => (each.status === 'rejected' ? codeOf(each.reason) : 'won'));
        expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'CONCURRENCY_CONFLICT')).toHaveLength(writers - 1);
      }),
      runs(50),
    );
  });

  it('ES10 reading holds one batch: the next is asked for when the one before is used up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 300 }),
        fc.option(fc.nat(320), { nil: undefined }),
        async (batchSize, total, limit) => {
          const pages: number[] = [];
          let used = 0;
          const adapter = endless(total, ({ after, limit: size }) => {
            expect(size).toBeLessThanOrEqual(batchSize);
            expect(used).toBe(after);
            pages.push(size);
          });
          const options = limit === undefined ? { batchSize } : { batchSize, limit };
          for await (const event of new EventStore({ adapter }).readAll(options)) {
            used++;
            expect(event.position).toBe(used);
          }
          expect(used).toBe(Math.min(total, limit ?? total));
          expect(pages.length).toBeLessThanOrEqual(Math.ceil((used + 1) / batchSize) + 1);
        },
      ),
      runs(50),
    );
  });

  it('ES10 a million events go by with one batch in memory', async () => {
    const store = new EventStore({ adapter: endless(1_000_000, () => {}) });
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapUsed = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = heapUsed();
    let count = 0;
    let most = 0;
    for await (const batch of store.readAll({ batchSize: 1000 }).batches()) {
      count += batch.length;
      if (count % 250_000 === 0) most = Math.max(most, heapUsed() - before);
    }
    expect(count).toBe(1_000_000);
    // A batch of these takes half a MB; all of them some 400 MB.
    expect(most).toBeLessThan(20 * 1024 * 1024);
  });
});

// JSON has no -0: text in between takes it away.
const jsonValue = fc
  .jsonValue({ depthSize: 'medium', stringUnit: 'binary' })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

/** An adapter whose every call takes effect, and answers, when the scheduler says so. */
function delayed(next: EventAdapter, scheduler: fc.Scheduler): EventAdapter {
  const adapter: EventAdapter = Object.create(next);
  const append = scheduler.scheduleFunction(async function append(batches: readonly EventBatch[]) {
    return next.append(batches);
  });
  return Object.assign(adapter, { init: () => next.init(), append });
}

/** An adapter that holds `total` events without having them in memory. */
function endless(total: number, onPage: (page: AllPage) => void): EventAdapter {
  const readAll = async (page: AllPage): Promise<StoredEvent[]> => {
    onPage(page);
    const size = Math.max(0, Math.min(page.limit, total - page.after));
    return Array.from({ length: size }, (_, index) => ({
      id: `${page.after + index}`,
      stream: 's',
      version: page.after + index + 1,
      position: page.after + index + 1,
      type: 't',
      data: '{"some":"data","of":["an","event"]}',
      encoding: 'json',
      metadata: '{}',
      timestamp: 0,
      tags: [],
    }));
  };
  return Object.assign(new MemoryEventAdapter(), { readAll });
}
