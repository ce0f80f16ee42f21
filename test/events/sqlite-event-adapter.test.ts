import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { ExpectedVersion } from '../../src/core/expected-version.ts';
import type { EncodedEvent, EventBatch } from '../../src/events/event-adapter.ts';
import { runs } from '../invariants/runs.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

const event = (fields: Partial<EncodedEvent> = {}): EncodedEvent => ({
  id: randomUUID(),
  type: 't',
  data: '1',
  encoding: 'json',
  metadata: '{}',
  timestamp: 0,
  tags: [],
  ...fields,
});

const batch = (stream: string, expectedVersion: ExpectedVersion = 'any', events = [event()]): EventBatch => ({
  stream,
  expectedVersion,
  events,
});

let folder: string;
let db: TestDatabase;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-events-'));
  db = openSqlite(join(folder, 'events.db'));
  db.exec('pragma journal_mode = wal; pragma synchronous = off; create table mine (n integer primary key) strict');
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

const count = (table: string) => Number((db.prepare(`select count(*) as n from ${table}`).get() as { n: number }).n);

async function ready(database = db): Promise<SqliteEventAdapter> {
  const adapter = new SqliteEventAdapter(database);
  await adapter.init();
  return adapter;
}

describe('group commit on SQLite', () => {
  it('stores appends of one moment in one transaction', async () => {
    const adapter = await ready();
    const statements: string[] = [];
    const spied = new SqliteEventAdapter({
      prepare: (sql) => db.prepare(sql),
      exec: (sql) => {
        statements.push(sql);
        return db.exec(sql);
      },
    });
    await Promise.all(Array.from({ length: 50 }, (_, n) => spied.append([batch(`s${n % 7}`)])));
    expect(statements).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
    expect(await adapter.lastPosition()).toBe(50);
  });

  it('gives each append its own outcome: those of some serial order', async () => {
    const versions = fc.constantFrom(...(['any', 'no_stream', 'stream_exists', 0, 1, 2] satisfies ExpectedVersion[]));
    const append = fc.record({
      stream: fc.constantFrom('a', 'b'),
      version: versions,
      id: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(append, { maxLength: 20 }), async (appends) => {
        const prefix = `run_${randomUUID().replaceAll('-', '').slice(0, 12)}_`;
        const adapter = new SqliteEventAdapter(db, { tablePrefix: prefix });
        const model = new MemoryEventAdapter();
        await adapter.init();
        const batches = appends.map(({ stream, version, id }) => batch(stream, version, [event({ id: `${id}` })]));
        const outcomes = await Promise.all(batches.map((each) => adapter.append([each])));
        const expected = [];
        for (const each of batches) expected.push(await model.append([each]));
        expect(outcomes).toEqual(expected);
      }),
      runs(30),
    );
  });

  it('lets one that fails harm no other', async () => {
    const adapter = await ready();
    const unfit = { ...batch('unfit'), events: [event({ data: null as unknown as string })] };
    const settled = await Promise.allSettled([batch('a'), unfit, batch('b')].map((each) => adapter.append([each])));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await adapter.lastPosition()).toBe(2);
  });
});

describe('work within a transaction of SQLite', () => {
  it('is stored with the append, or neither is', async () => {
    const adapter = await ready();
    const insert = db.prepare('insert into mine values (?)');
    await adapter.append([batch('a')], { within: ([stored]) => insert.run(stored!.position) });
    const failing = adapter.append([batch('a')], { within: ([stored]) => insert.run(stored!.position - 1) });
    await expect(failing).rejects.not.toBeInstanceOf(InvalidArgumentError);
    expect([count('mine'), await adapter.streamVersion('a')]).toEqual([1, 1]);
  });

  it('is refused, and undone, if it is not synchronous', async () => {
    const adapter = await ready();
    const within = async () => {
      db.prepare('insert into mine values (1)').run();
    };
    await expect(adapter.append([batch('a')], { within })).rejects.toBeInstanceOf(InvalidArgumentError);
    const saving = adapter.saveCheckpoint('c', { position: 1, state: '{}' }, { within });
    await expect(saving).rejects.toBeInstanceOf(InvalidArgumentError);
    expect([count('mine'), await adapter.lastPosition(), await adapter.loadCheckpoint('c')]).toEqual([0, 0, undefined]);
  });

  it('appendSync commits with the transaction of the caller, or not at all', async () => {
    const adapter = await ready();
    for (const end of ['rollback', 'commit']) {
      db.exec('begin immediate');
      expect(adapter.appendSync([batch('outbox', 0)])).toMatchObject({ status: 'appended' });
      expect(adapter.appendSync([batch('outbox', 0)])).toMatchObject({ status: 'conflict' });
      expect(() => adapter.appendSync([batch('x', 'any', [event({ data: null as unknown as string })])])).toThrow();
      db.exec('insert into mine values (1)');
      db.exec(end);
    }
    expect([count('mine'), await adapter.streamVersion('outbox')]).toEqual([1, 1]);
    expect(adapter.appendSync([batch('outbox', 1)])).toMatchObject({ status: 'appended' });
    expect(await adapter.streamVersion('outbox')).toBe(2);
  });

  it('refuses to append, other than by appendSync, inside the caller’s transaction', async () => {
    const adapter = await ready();
    db.exec('begin');
    await expect(adapter.append([batch('a')])).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    db.exec('rollback');
  });
});

describe('the layout on SQLite', () => {
  it('takes over tables of the time before layouts had versions', async () => {
    db.exec(`
      create table migration_events (position integer primary key autoincrement, stream text not null,
        version integer not null, id text not null unique, type text not null, data text not null,
        encoding text not null, metadata text not null, timestamp integer not null, unique (stream, version)) strict;
      create table migration_event_checkpoints (name text primary key, position integer not null) strict, without rowid;
      insert into migration_events values (7, 'old', 1, 'id', 't', '1', 'json', '{}', 5);
      insert into migration_event_checkpoints values ('reader', 7)`);
    const adapter = await ready();
    await adapter.init();
    const [old] = await adapter.readAll({ after: 0, limit: 9 });
    expect(old).toEqual({ ...event({ id: 'id', timestamp: 5 }), stream: 'old', version: 1, position: 7 });
    expect(await adapter.loadCheckpoint('reader')).toMatchObject({ position: 7, state: '{}', revision: 1 });
    expect(await adapter.saveCheckpoint('reader', { position: 8, state: '{}' }, { expectedRevision: 1 })).toBe(2);
    expect(await adapter.append([batch('old', 1)])).toMatchObject({ batches: [{ version: 2, position: 8 }] });
  });

  it('is made by ddl() as well as by migrate(), and refused when it is newer', async () => {
    const adapter = new SqliteEventAdapter(db);
    db.exec(adapter.ddl());
    await adapter.init();
    expect((await adapter.append([batch('a')])).status).toBe('appended');
    expect(adapter.ddl(2)).toBe('');
    db.exec("update migration_event_counters set value = 99 where name = 'layout'");
    await expect(new SqliteEventAdapter(db).init()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringMatching(/layout 99.*knows up to/),
    });
  });
});

describe('a disk that is full', () => {
  it('refuses the append with nothing half-written, and goes on when there is room again', async () => {
    const adapter = await ready();
    await adapter.append([batch('a')]);
    const { page_count: pages } = db.prepare('pragma page_count').get() as { page_count: number };
    db.exec(`pragma max_page_count = ${pages}`);
    const large = () => batch('a', 'any', [event({ data: `"${'x'.repeat(200_000)}"`, tags: ['large'] })]);
    await expect(adapter.append([batch('b'), large()])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      cause: { message: expect.stringContaining('full') },
    });
    expect(await adapter.readAll({ after: 0, limit: 9 })).toHaveLength(1);
    expect(await adapter.readAll({ after: 0, limit: 9, query: [{ tags: ['large'] }] })).toEqual([]);
    db.exec('pragma max_page_count = 100000');
    expect(await adapter.append([batch('b'), large()])).toMatchObject({ status: 'appended' });
    expect(await adapter.readAll({ after: 0, limit: 9, query: [{ tags: ['large'] }] })).toHaveLength(1);
  });
});
