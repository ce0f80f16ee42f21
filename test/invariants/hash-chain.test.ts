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
import { pausing, scheduledClock } from '../events/pausing-adapter.ts';
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
      tags: fc.subarray(['x', 'y']),
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
  const { streams, count, metadata, tags } = each;
  const events = () => Array.from({ length: count }, (_, n) => ({ type: 't', data: { n }, tags, metadata }));
  await store.appendMany(streams.map((name) => ({ stream: name, events: events() }))).catch((error) => {
    expect(error).toMatchObject({ code: 'STREAM_DELETED' });
  });
}

interface Row {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
}

/** What somebody does to the tables behind the store's back: to an event, the next of its stream, one of another. */
const table = '"migration_events"';
const set = (text: string) => (db: SqliteDatabase, row: Row) =>
  db.prepare(`UPDATE ${table} SET ${text} WHERE position = ?`).run(row.position);
const swapPositions = (db: SqliteDatabase, [one, two]: readonly [Row, Row]) => {
  const move = (from: number, to: number) => {
    for (const each of [table, tagTable])
      db.prepare(`UPDATE ${each} SET position = ? WHERE position = ?`).run(to, from);
  };
  move(one.position, -1);
  move(two.position, one.position);
  move(-1, two.position);
};
const tagTable = '"migration_event_tags"';
const say = (db: SqliteDatabase, { stream, version }: Row, deleted: 0 | 1) =>
  db
    .prepare(`INSERT OR REPLACE INTO "migration_event_streams"
      SELECT stream, max(version), ?, ? FROM ${table} WHERE stream = ?`)
    .run(version + 1, deleted, stream);
const remove = (db: SqliteDatabase, { stream, version }: Row) => {
  const events = `FROM ${table} WHERE stream = ? AND version <= ?`;
  db.prepare(`DELETE FROM ${tagTable} WHERE position IN (SELECT position ${events})`).run(stream, version);
  db.prepare(`DELETE ${events}`).run(stream, version);
};
type Tamper = (db: SqliteDatabase, row: Row, next: Row | undefined, other: Row | undefined) => unknown;
const tamperings: Record<string, Tamper> = {
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
    if (next) swapPositions(db, [row, next]);
  },
  'swaps the positions of it and one of another stream': (db, row, _, other) => {
    if (other) swapPositions(db, [row, other]);
  },
  'moves it to the end of the order': (db, row) => swapPositions(db, [row, { ...row, position: 999 }]),
  'takes a tag out of the index': (db, { position }) =>
    db
      .prepare(`DELETE FROM ${tagTable} WHERE position = ? AND tag =
      (SELECT max(tag) FROM ${tagTable} WHERE position = ?)`)
      .run(position, position),
  'says that it was truncated': (db, row) => say(db, row, 0),
  'says that it was truncated, and removes all up to it': (db, row) => {
    say(db, row, 0);
    remove(db, row);
  },
  'says that its stream was deleted': (db, row) => say(db, row, 1),
  'says that its stream was deleted, and removes all of it': (db, row) => {
    say(db, row, 1);
    remove(db, { ...row, version: 999 });
  },
  'takes the tombstone or truncation away': (db, { stream: of }) => {
    const { changes = 0 } = db.prepare('DELETE FROM "migration_event_streams" WHERE stream = ?').run(of) as {
      changes?: number;
    };
    return changes;
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

const tablesOf = (db: SqliteDatabase) =>
  [
    `SELECT position, stream, version, id, type, data, encoding, metadata, timestamp, tags FROM ${table} ORDER BY stream, version`,
    `SELECT tag, position FROM ${tagTable} ORDER BY tag, position`,
    'SELECT stream, version, first_version, deleted FROM "migration_event_streams" ORDER BY stream',
  ].map((query) => db.prepare(query).all());

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
            const before = tablesOf(db);
            const rows = before[0] as Row[];
            fc.pre(rows.length > 0);
            const row = rows[chosen % rows.length]!;
            const next = rows.find(({ stream: s, version }) => s === row.stream && version === row.version + 1);
            const other = rows.find(({ stream: s }, index) => s !== row.stream && index >= chosen % rows.length);
            tamper(db, row, next, other);
            fc.pre(JSON.stringify(tablesOf(db)) !== JSON.stringify(before));
            const { findings } = await verifyEvents(adapter);
            expect(findings.length).toBeGreaterThan(0);
            expect(findings.some(({ stream: s }) => s === row.stream || s === other?.stream)).toBe(true);
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
      readAll: async (page: never) => {
        await store.append('s', [{ type: 't', data: 4 }]);
        return inner.readAll(page);
      },
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

  it('knows what a store with one has removed from what was removed by something else', async () => {
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, hashChain: true });
    const event = { type: 't', data: 1 };
    for (const name of ['cut', 'empty', 'gone']) await store.append(name, [event, event, event]);
    await store.truncateStream('cut', 2);
    await store.truncateStream('empty', 99);
    await store.deleteStream('gone');
    expect(await verifyEvents(adapter)).toMatchObject({ findings: [] });
    await store.append('empty', [event, event]);
    await adapter.truncateStream('cut', 3);
    await adapter.truncateStream('empty', 5);
    expect((await verifyEvents(adapter)).findings).toEqual([
      { stream: 'cut', version: 2, problem: 'removed' },
      { stream: 'empty', version: 4, problem: 'removed' },
    ]);
  });

  it('has nothing to say of what was removed before it began', async () => {
    const adapter = new MemoryEventAdapter();
    const plain = new EventStore({ adapter });
    const chained = new EventStore({ adapter, hashChain: true });
    const event = { type: 't', data: 1 };
    for (const name of ['cut', 'empty', 'gone']) await plain.append(name, [event, event]);
    await plain.truncateStream('cut', 2);
    await plain.truncateStream('empty', 3);
    await plain.deleteStream('gone');
    expect(await verifyEvents(adapter)).toMatchObject({ findings: [] });
    for (const name of ['cut', 'empty']) await chained.append(name, [event]);
    expect(await verifyEvents(adapter)).toMatchObject({ findings: [] });
    // The event that the chain began with, and links to what was there before.
    await plain.truncateStream('cut', 3);
    expect((await verifyEvents(adapter)).findings).toEqual([{ stream: 'cut', version: 1, problem: 'removed' }]);
  });

  it('has a deletion that was refused, raced or said twice written down where it took place only', async () => {
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, hashChain: true });
    const event = { type: 't', data: 1 };
    await store.append('s', [event]);
    await expect(store.deleteStream('s', { expectedVersion: 2 })).rejects.toMatchObject({ actualVersion: 1 });
    expect(await adapter.listCheckpoints('$removed/')).toEqual([]);
    const version = adapter.streamVersion.bind(adapter);
    adapter.streamVersion = async (name) => {
      const before = await version(name);
      adapter.streamVersion = version;
      await store.append('s', [event]);
      return before;
    };
    await store.deleteStream('s', { expectedVersion: 2 });
    await store.deleteStream('s', { expectedVersion: 9 });
    await store.truncateStream('s', 2);
    expect(await verifyEvents(adapter)).toMatchObject({ findings: [] });
  });

  it('ES1 is whole after truncations that raced with each other, with appends, a backup and a copy', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 5 }), async (s, cuts) => {
        const inner = new MemoryEventAdapter();
        const adapter = pausing(inner, s);
        const store = new EventStore({ adapter, hashChain: true, clock: scheduledClock(s) });
        const event = { type: 't', data: 1 };
        await s.waitFor(store.append('s', [event, event, event]));
        const lines: string[] = [];
        const backup = async () => {
          for await (const line of backupEvents(adapter)) lines.push(line);
        };
        const copy = new MemoryEventAdapter();
        await s.waitFor(
          Promise.all([
            ...cuts.map((before) => store.truncateStream('s', before)),
            ...cuts.map(() => store.append('s', [event])),
            backup(),
            copyEvents(adapter, copy),
          ]),
        );
        expect(await verifyEvents(inner)).toMatchObject({ open: 0, findings: [] });
        const restored = new MemoryEventAdapter();
        await restoreEvents(restored, lines);
        expect(await verifyEvents(restored)).toMatchObject({ findings: [] });
        await copyEvents(inner, copy);
        expect(await verifyEvents(copy)).toMatchObject({ findings: [] });
        await new EventStore({ adapter: copy, hashChain: true }).append('s', [event]);
        expect(await verifyEvents(copy)).toMatchObject({ open: 0, findings: [] });
      }),
      runs(100),
    );
  });

  it('has an event that is found by tags of others told from one that is not found by its own', async () => {
    await onSqlite(async (db, adapter) => {
      const store = new EventStore({ adapter, hashChain: true });
      for (const tags of [['x'], ['y'], ['x', 'y'], []]) await store.append('s', [{ type: 't', data: 1, tags }]);
      db.exec(`INSERT INTO ${tagTable} VALUES ('x', 4)`);
      expect((await verifyEvents(adapter)).findings).toEqual([]);
      db.exec(`INSERT INTO ${tagTable} VALUES ('x', 2)`);
      expect((await verifyEvents(adapter)).findings[0]).toEqual({ stream: 's', version: 2, problem: 'misindexed' });
      db.exec(`DELETE FROM ${tagTable} WHERE position IN (2, 4) AND tag = 'x'`);
      expect((await verifyEvents(adapter)).findings).toEqual([]);
      db.exec(`DELETE FROM ${tagTable} WHERE position = 3 AND tag = 'y'`);
      const findings = [{ stream: 's', version: 3, problem: 'misindexed' }];
      expect((await verifyEvents(adapter, { maxFindings: 1 })).findings).toEqual(findings);
    });
  });

  it('holds each position from the moment of its append, but of those within an append their order only', async () => {
    await onSqlite(async (db, adapter) => {
      const store = new EventStore({ adapter, hashChain: true });
      const event = { type: 't', data: 1 };
      await store.append('gap', [event]);
      await store.append('s', [event, event]);
      await store.truncateStream('gap', 2);
      db.exec(`UPDATE ${table} SET position = 1 WHERE position = 2`);
      expect((await verifyEvents(adapter)).findings).toEqual([]);
      db.exec(`UPDATE ${table} SET position = 2 WHERE position = 3`);
      const misplaced = [{ stream: 's', version: 2, problem: 'misplaced' }];
      expect((await verifyEvents(adapter)).findings).toEqual(misplaced);
      await store.append('s', [event]);
      expect((await verifyEvents(adapter)).findings).toEqual([{ stream: 's', version: 3, problem: 'broken' }]);
    });
  });
});
