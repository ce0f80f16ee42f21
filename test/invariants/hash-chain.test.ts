import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { SqliteDatabase } from '../../src/adapters/sqlite/sqlite-database.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { backupEvents } from '../../src/events/backup-events.ts';
import { copyEvents } from '../../src/events/copy-events.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { restoreEvents } from '../../src/events/restore-events.ts';
import { verifyEvents } from '../../src/events/verify-events.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { runs } from './runs.ts';

const stream = fc.constantFrom('a', 'b', 'ü/한', '%2F');
const change = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      streams: fc.subarray(['a', 'b', 'ü/한', '%2F'], { minLength: 1, maxLength: 2 }),
      count: fc.integer({ min: 1, max: 3 }),
      metadata: fc.constantFrom({}, { by: 'one' }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('truncate' as const), stream, before: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), stream }) },
);
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;
const changes = fc.array(change, { minLength: 1, maxLength: 15 });

async function apply(store: EventStore, each: Change): Promise<void> {
  if (each.do === 'truncate') return store.truncateStream(each.stream, each.before);
  if (each.do === 'delete') return store.deleteStream(each.stream);
  const { streams, count, metadata } = each;
  const events = () => Array.from({ length: count }, (_, n) => ({ type: 't', data: { n }, tags: ['x'], metadata }));
  await store.appendMany(streams.map((name) => ({ stream: name, events: events() }))).catch((error) => {
    expect(error).toMatchObject({ code: 'STREAM_DELETED' });
  });
}

interface Row {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
}

/** What somebody does to the tables behind the store's back, to one event or to two of a stream. */
const table = '"migration_events"';
const set = (text: string) => (db: SqliteDatabase, row: Row) =>
  db.prepare(`UPDATE ${table} SET ${text} WHERE position = ?`).run(row.position);
const tamperings: Record<string, (db: SqliteDatabase, row: Row, next: Row | undefined) => unknown> = {
  'changes its data': set(`data = '{"n":7}'`),
  'changes its type': set(`type = 'u'`),
  'changes its time': set('timestamp = timestamp + 1'),
  'changes its id': set(`id = 'another'`),
  'changes its encoding': set(`encoding = 'gzip'`),
  'changes its metadata': set(`metadata = replace(metadata, '}', ',"more":1}')`),
  'changes its tags': set(`tags = '[]'`),
  'takes its link away': set(`metadata = '{"by":"one"}'`),
  'moves it to another stream': set(`stream = 'elsewhere', version = 1`),
  'removes it': (db, row) => db.prepare(`DELETE FROM ${table} WHERE position = ?`).run(row.position),
  'removes it and all behind it': (db, row) =>
    db.prepare(`DELETE FROM ${table} WHERE stream = ? AND version >= ?`).run(row.stream, row.version),
  'swaps the versions of it and the next': (db, row, next) => {
    if (!next) return;
    set('version = -1')(db, row);
    set(`version = ${row.version}`)(db, next);
    set(`version = ${next.version}`)(db, row);
  },
  'swaps the positions of it and the next': (db, row, next) => {
    if (!next) return;
    set('position = -1')(db, row);
    set(`position = ${row.position}`)(db, next);
    set(`position = ${next.position}`)(db, { ...row, position: -1 });
  },
  'swaps what happened in it and the next': (db, row, next) => {
    if (!next) return;
    const fields = db.prepare(`SELECT id, data, timestamp FROM ${table} WHERE position = ?`);
    const [one, two] = [row, next].map(({ position }) => fields.get(position)) as Record<string, string>[];
    const write = ({ id, data, timestamp }: Record<string, string>, { position }: Row) =>
      db
        .prepare(`UPDATE ${table} SET id = ?, data = ?, timestamp = ? WHERE position = ?`)
        .run(id, data, timestamp, position);
    set(`id = 'x'`)(db, next);
    write(two!, row);
    write(one!, next);
  },
};

const tableOf = (db: SqliteDatabase) =>
  db
    .prepare(
      `SELECT position, stream, version, id, type, data, encoding, metadata, timestamp, tags FROM ${table} ORDER BY stream, version`,
    )
    .all();

async function onSqlite<T>(work: (db: SqliteDatabase, adapter: EventAdapter) => Promise<T>): Promise<T> {
  const db = openSqlite(':memory:');
  try {
    return await work(db, new SqliteEventAdapter(db));
  } finally {
    db.close();
  }
}

describe('a hash chain', () => {
  it('is whole whatever is appended, truncated and deleted through the store, in a backup and a copy too', async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const adapter = new MemoryEventAdapter();
        const store = new EventStore({ adapter, hashChain: true });
        for (const each of all) await apply(store, each);
        const report = await verifyEvents(adapter);
        const events = await store.readAll().toArray();
        expect(report).toMatchObject({ events: events.length, unlinked: 0, open: 0, findings: [] });
        for (const { metadata } of events) expect(Object.keys(metadata)).not.toContain('$previous');

        const lines: string[] = [];
        for await (const line of backupEvents(adapter)) lines.push(line);
        const restored = new MemoryEventAdapter();
        await restoreEvents(restored, lines);
        expect(await verifyEvents(restored)).toEqual(report);

        const copy = new MemoryEventAdapter();
        await copyEvents(adapter, copy);
        expect(await verifyEvents(copy)).toMatchObject({ events: events.length, findings: [] });
        const other = new EventStore({ adapter: copy, hashChain: true });
        for (const each of all) await apply(other, each);
        expect(await verifyEvents(copy)).toMatchObject({ unlinked: 0, findings: [] });
      }),
      runs(100),
    );
  });

  describe.each(Object.entries(tamperings))('finds an event of which somebody %s', (_, tamper) => {
    it('in whatever stream it is', async () => {
      await fc.assert(
        fc.asyncProperty(changes, fc.nat(99), async (all, chosen) => {
          await onSqlite(async (db, adapter) => {
            const store = new EventStore({ adapter, hashChain: true });
            for (const each of all) await apply(store, each);
            const before = tableOf(db) as Row[];
            fc.pre(before.length > 0);
            const row = before[chosen % before.length]!;
            const next = before.find(({ stream: s, version }) => s === row.stream && version === row.version + 1);
            tamper(db, row, next);
            fc.pre(JSON.stringify(tableOf(db)) !== JSON.stringify(before));
            const { findings } = await verifyEvents(adapter);
            expect(findings.length).toBeGreaterThan(0);
            expect(findings.some((finding) => finding.stream === row.stream)).toBe(true);
          });
        }),
        runs(30),
      );
    });
  });

  it('goes on behind events of before, and tells those that came later by something that keeps none', async () => {
    const adapter = new MemoryEventAdapter();
    const plain = new EventStore({ adapter });
    const chained = new EventStore({ adapter, hashChain: true });
    const event = { type: 't', data: 1 };
    await plain.append('s', [event, event]);
    await chained.append('s', [event], { expectedVersion: 2 });
    expect(await verifyEvents(adapter)).toMatchObject({ events: 3, unlinked: 2, findings: [] });
    const findings = [{ stream: 's', version: 4, problem: 'unlinked' }];
    await plain.append('s', [event]);
    expect(await verifyEvents(adapter)).toMatchObject({ findings });
    await chained.append('s', [event]);
    expect(await verifyEvents(adapter)).toMatchObject({ findings });
  });

  it('ES2 ES4 leaves every expectation and every repetition what it is', async () => {
    const expectedVersion = fc.oneof(
      fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const),
      fc.nat(4),
    );
    const append = fc.record({
      stream: fc.constantFrom('a', 'b'),
      expectedVersion,
      id: fc.integer({ min: 0, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(append, { maxLength: 20 }), async (appends) => {
        const [chained, plain] = [true, false].map(
          (hashChain) => new EventStore({ adapter: new MemoryEventAdapter(), hashChain }),
        );
        for (const each of appends) {
          const events = [{ id: `${each.id}`, type: 't', data: each.id }];
          const [one, two] = await Promise.allSettled(
            [chained!, plain!].map((store) => store.append(each.stream, events, each)),
          );
          if (two!.status === 'fulfilled') expect(one).toEqual(two);
          else {
            const { reason } = one as PromiseRejectedResult;
            expect({ ...reason }).toEqual({ ...two!.reason });
          }
        }
      }),
      runs(200),
    );
  });

  it('ES2 is whole after appends that raced, each of which is stored', async () => {
    const adapter = new MemoryEventAdapter();
    const stores = Array.from({ length: 4 }, () => new EventStore({ adapter, hashChain: true }));
    const appends = stores.flatMap((store, n) =>
      Array.from({ length: 10 }, (_, m) =>
        store.append(m % 3 === 0 ? 'a' : 'b', [{ id: `${n}/${m}`, type: 't', data: m }]),
      ),
    );
    await Promise.all(appends);
    expect(await verifyEvents(adapter)).toMatchObject({ events: 40, unlinked: 0, findings: [] });
  });

  it('ES2 is whole where a stream came to what was expected only after it was looked at', async () => {
    const inner = new MemoryEventAdapter();
    const event = { type: 't', data: 1 };
    const other = new EventStore({ adapter: inner, hashChain: true });
    await other.append('s', [event]);
    let meanwhile: Promise<unknown> | undefined;
    const overtaken: EventAdapter = Object.assign(Object.create(inner) as EventAdapter, {
      init: () => inner.init(),
      streamVersion: (stream: string) => inner.streamVersion(stream),
      loadCheckpoint: (name: string) => inner.loadCheckpoint(name),
      readStream: (page: never) => inner.readStream(page),
      append: async (batches: never, options: never) => {
        meanwhile ??= other.append('s', [event]);
        await meanwhile;
        return inner.append(batches, options);
      },
    });
    await new EventStore({ adapter: overtaken, hashChain: true }).append('s', [event], { expectedVersion: 2 });
    expect(await verifyEvents(inner)).toMatchObject({ events: 3, findings: [] });
  });

  it('is found broken once per fault, and not looked at further than asked for', async () => {
    await onSqlite(async (db, adapter) => {
      const store = new EventStore({ adapter, hashChain: true });
      for (let n = 0; n < 9; n++) await store.append('s', [{ type: 't', data: n }]);
      db.exec(`UPDATE ${table} SET data = '0' WHERE version IN (3, 9); DELETE FROM ${table} WHERE version IN (5, 6)`);
      const { findings } = await verifyEvents(adapter);
      expect(findings).toEqual([
        { stream: 's', version: 4, problem: 'broken' },
        { stream: 's', version: 5, problem: 'missing' },
        { stream: 's', version: 9, problem: 'broken' },
      ]);
      expect((await verifyEvents(adapter, { maxFindings: 1 })).findings).toEqual(findings.slice(0, 1));
      await expect(verifyEvents(adapter, { maxFindings: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      const stop = verifyEvents(adapter, { signal: AbortSignal.abort(new Error('stop')) });
      await expect(stop).rejects.toThrow('stop');
    });
  });

  it('keeps out what can not wait for the hash of the event before', async () => {
    const store = new EventStore({ adapter: new MemoryEventAdapter(), hashChain: true });
    await store.init();
    const append = () => store.appendSync('s', [{ type: 't', data: 1 }]);
    expect(append).toThrow(expect.objectContaining({ code: 'APPEND_CANNOT_WAIT', awaited: 'chain' }));
    expect(await store.streamVersion('s')).toBe(0);
  });

  it.each([
    ['the last event', 'version = 2'],
    ['all of its events', 'true'],
  ])('of which somebody removes %s stays broken when it goes on', async (_, removed) => {
    await onSqlite(async (db, adapter) => {
      const store = new EventStore({ adapter, hashChain: true });
      const event = { type: 't', data: 1 };
      await store.append('s', [event, event]);
      db.exec(`DELETE FROM ${table} WHERE ${removed}`);
      for (let n = 0; n < 3; n++) {
        await store.append('s', [event]);
        expect((await verifyEvents(adapter)).findings.length).toBeGreaterThan(0);
      }
    });
  });

  it('that goes on while it is backed up is no fault in what is restored, but open', async () => {
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, hashChain: true });
    await store.append('s', [{ type: 't', data: 1 }]);
    await store.append('idle', [{ type: 't', data: 1 }]);
    const inUse: EventAdapter = Object.assign(Object.create(adapter) as EventAdapter, {
      init: () => adapter.init(),
      loadCheckpoint: (name: string) => adapter.loadCheckpoint(name),
      saveCheckpoint: (...values: Parameters<EventAdapter['saveCheckpoint']>) => adapter.saveCheckpoint(...values),
      readAll: (page: never) => adapter.readAll(page),
      listStreams: (page: never) => adapter.listStreams(page),
      lastPosition: () => adapter.lastPosition(),
      listCheckpoints: async (prefix: string) => {
        const checkpoints = await adapter.listCheckpoints(prefix);
        await store.append('s', [{ type: 't', data: 2 }]);
        return checkpoints;
      },
    });
    const lines: string[] = [];
    for await (const line of backupEvents(inUse)) lines.push(line);
    const restored = new MemoryEventAdapter();
    await restoreEvents(restored, lines);
    expect(await verifyEvents(restored)).toMatchObject({ events: 3, open: 1, findings: [] });
  });

  it('of which the end was set back is broken, and one without an end is open', async () => {
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, hashChain: true });
    await store.append('s', [{ type: 't', data: 1 }]);
    const { name, position, state } = (await adapter.listCheckpoints('$chain/'))[0]!;
    await store.append('s', [{ type: 't', data: 2 }]);
    await adapter.saveCheckpoint(name, { position, state });
    expect((await verifyEvents(adapter)).findings).toEqual([{ stream: 's', version: 2, problem: 'broken' }]);
    await adapter.deleteCheckpoint(name);
    expect(await verifyEvents(adapter)).toMatchObject({ open: 1, findings: [] });
  });

  it('of what is appended while it is checked is no fault', async () => {
    const inner = new MemoryEventAdapter();
    const store = new EventStore({ adapter: inner, hashChain: true });
    await store.append('s', [{ type: 't', data: 1 }]);
    const busy: EventAdapter = Object.assign(Object.create(inner) as EventAdapter, {
      init: () => inner.init(),
      listCheckpoints: async (prefix: string) => inner.listCheckpoints(prefix),
      listStreams: async (page: never) => inner.listStreams(page),
      loadCheckpoint: async (name: string) => {
        await store.append('s', [{ type: 't', data: 3 }]);
        return inner.loadCheckpoint(name);
      },
      readStream: async (page: never) => {
        await store.append('s', [{ type: 't', data: 2 }]);
        return inner.readStream(page);
      },
    });
    expect(await verifyEvents(busy)).toMatchObject({ findings: [] });
  });
});
