import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { MemoryKeyStore } from '../../src/adapters/memory/memory-key-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import type { ExpectedVersion } from '../../src/core/expected-version.ts';
import { AesGcmEncryption } from '../../src/events/aes-gcm-encryption.ts';
import { defineEvents } from '../../src/events/event-registry.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { AppendResult } from '../../src/events/event-store-options.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from '../invariants/runs.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';
import { anything, schema, titled } from './schemas.ts';

let db: TestDatabase;
beforeEach(() => {
  db = openSqlite(':memory:');
  db.exec('create table mine (n integer primary key) strict');
});
afterEach(() => db.close());

async function open(options = {}) {
  const store = new EventStore({ adapter: new SqliteEventAdapter(db), ...options });
  await store.init();
  return store;
}

/** Work in a transaction, as the driver has it. */
function transaction(work: () => void): void {
  if ('transaction' in db) {
    (db.transaction as (work: () => void) => () => void)(work)();
    return;
  }
  db.exec('begin immediate');
  try {
    work();
    db.exec('commit');
  } catch (error) {
    db.exec('rollback');
    throw error;
  }
}

const insert = (n: number) => void db.prepare('insert into mine values (?)').run(n);
const mine = () =>
  db
    .prepare('select n from mine order by n')
    .all()
    .map((row) => Number((row as { n: number }).n));
const event = (data: unknown, fields = {}) => ({ type: 'counted', data, ...fields });
const undone = new Error('rolled back');
const failing = (code: string, fields = {}) => expect.objectContaining({ code, ...fields });

describe('appendSync on SQLite', () => {
  it('ES12 commits with the caller’s rows, or not at all', async () => {
    const store = await open();
    for (const commits of [false, true]) {
      const write = () =>
        transaction(() => {
          insert(1);
          expect(store.appendSync('a', [event(1), event(2)], { expectedVersion: 'no_stream' }).version).toBe(2);
          expect(store.appendManySync([{ stream: 'b', events: [event(3)] }])).toMatchObject([
            { stream: 'b', version: 1 },
          ]);
          if (!commits) throw undone;
        });
      if (commits) write();
      else expect(write).toThrow(undone);
      expect([await store.streamVersion('a'), await store.streamVersion('b'), mine()]).toEqual(
        commits ? [2, 1, [1]] : [0, 0, []],
      );
    }
    expect(store.appendSync('a', [event(4)]).version).toBe(3);
    expect(store.appendManySync([])).toEqual([]);
  });

  it('is refused without harm to the transaction that it is in', async () => {
    const store = await open();
    store.appendSync('a', [event(1)]);
    transaction(() => {
      insert(1);
      expect(() => store.appendSync('a', [event(2)], { expectedVersion: 7 })).toThrow(
        failing('CONCURRENCY_CONFLICT', { actualVersion: 1 }),
      );
      expect(() => store.appendSync('a', [event(() => 1)])).toThrow(failing('INVALID_ARGUMENT'));
      store.appendSync('a', [event(2)], { expectedVersion: 1 });
    });
    expect([await store.streamVersion('a'), mine()]).toEqual([2, [1]]);
  });

  it('gives what append gives, whatever it is given', async () => {
    const version = fc.constantFrom<ExpectedVersion>('any', 'no_stream', 'stream_exists', 0, 1, 2);
    const content = fc.record({
      id: fc.integer({ min: 0, max: 12 }),
      type: fc.constantFrom('titled', 'free', 'unknown'),
      data: fc.oneof(fc.record({ title: fc.string() }), fc.constant({ title: 'x'.repeat(40_000) }), fc.jsonValue()),
      tags: fc.subarray(['x', 'y']),
    });
    const request = fc.record({
      stream: fc.constantFrom('a', 'b', ''),
      expectedVersion: version,
      events: fc.array(content, { maxLength: 3 }),
    });
    const options = fc.record(
      {
        failIfEventsMatch: fc.constantFrom([{ tags: ['x'] }], [{ types: ['free'] }]),
        after: fc.integer({ min: 0, max: 4 }),
      },
      { requiredKeys: [] },
    );
    const definitions = defineEvents({
      titled: { schema: titled },
      free: { schema: anything, version: 2, upcasters: { 1: (data: unknown) => data } },
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(request, { maxLength: 3 }), options), { maxLength: 8 }),
        async (appends) => {
          db.close();
          db = openSqlite(':memory:');
          const clock = new FakeClock(1_000);
          const settings = { registry: definitions, clock, compressionEnabled: true, random: () => 0.5 };
          const waiting = new EventStore({ adapter: new MemoryEventAdapter(), ...settings });
          const atOnce = await open(settings);
          for (const [requests, condition] of appends) {
            const named = requests.map((each) => ({
              ...each,
              events: each.events.map(({ id, ...rest }) => ({ id: `e${id}`, ...rest })) as never[],
            }));
            const expected = await waiting.appendMany(named, condition).catch(told);
            let result: AppendResult[] | object;
            try {
              result = atOnce.appendManySync(named, condition);
            } catch (error) {
              result = told(error);
            }
            expect(result).toEqual(expected);
          }
          expect(await atOnce.readAll().toArray()).toEqual(await waiting.readAll().toArray());
        },
      ),
      runs(60),
    );
  });

  it('ES4 repeats what was compressed, stored at once or not', async () => {
    const store = await open({ compression: 'gzip' });
    const large = event('x'.repeat(200_000), { id: 'large' });
    const first = store.appendSync('a', [large]);
    expect(store.appendSync('a', [large], { expectedVersion: 9 })).toEqual(first);
    expect(await store.append('a', [large])).toEqual(first);
    expect(() => store.appendSync('a', [{ ...large, data: 'y' }])).toThrow(failing('DUPLICATE_EVENT'));
    const { encoding } = db.prepare('select encoding from migration_events').get() as { encoding: string };
    expect(encoding).toBe('gzip');
  });

  it('takes schemas that answer at once, and no others', async () => {
    const late = schema(async (value: unknown) => value);
    const refusing = schema(async () => Promise.reject(new Error('late')));
    const registry = defineEvents({
      titled: { schema: titled },
      late: { schema: late },
      refusing: { schema: refusing },
    });
    const store = await open({ registry });
    store.appendSync('a', [{ type: 'titled', data: { title: 'one', more: 1 } }]);
    for (const type of ['late', 'refusing']) {
      const append = () =>
        store.appendSync('a', [
          { type: 'titled', data: { title: 'two' } },
          { type, data: 1 },
        ]);
      expect(append).toThrow(failing('APPEND_CANNOT_WAIT', { awaited: 'schema' }));
    }
    const invalid = () =>
      store.appendSync('a', [
        { type: 'refusing', data: 1 },
        { type: 'titled', data: {} },
      ]);
    expect(invalid).toThrow(failing('EVENT_INVALID', { argument: 'events[1]' }));
    expect((await store.read('a').toArray()).map(({ data }) => data)).toEqual([{ title: 'one' }]);
  });

  it('encrypts with a key that is at hand, and says so where it is not', async () => {
    const encryption = new AesGcmEncryption({ keys: new MemoryKeyStore() });
    const store = await open({ encryption, compressionEnabled: true });
    const secret = event('x'.repeat(50_000), { id: 'secret' });
    expect(() => store.appendSync('ann', [secret])).toThrow(failing('APPEND_CANNOT_WAIT', { awaited: 'encryption' }));
    expect(await store.streamVersion('ann')).toBe(0);
    await store.append('ann', [event(0)]);
    const stored = store.appendSync('ann', [secret]);
    expect(store.appendSync('ann', [secret])).toEqual(stored);
    expect((await store.read('ann', { fromVersion: 2 }).toArray())[0]!.data).toBe(secret.data);
    const { encoding } = db.prepare('select encoding from migration_events where version = 2').get() as {
      encoding: string;
    };
    expect(encoding).toBe('encrypted+gzip');
    const restarted = await open({ encryption: new AesGcmEncryption({ keys: new MemoryKeyStore() }) });
    expect(() => restarted.appendSync('bob', [event(1)])).toThrow(failing('APPEND_CANNOT_WAIT'));
  });

  it('keeps inline projections in the same transaction', async () => {
    const inline = { name: 'inline', handle: ({ data }: RecordedEvent) => insert(Number(data)) };
    const store = await open({ inlineProjections: [inline] });
    expect(() =>
      transaction(() => {
        store.appendSync('a', [event(1), event(2)]);
        expect(mine()).toEqual([1, 2]);
        throw undone;
      }),
    ).toThrow(undone);
    expect(mine()).toEqual([]);
    store.appendSync('a', [event(1)]);
    // What the projection throws comes through, and undoes the append alone.
    transaction(() => {
      store.appendSync('a', [event(2)]);
      expect(() => store.appendSync('a', [event(3), event(1)])).toThrow(/UNIQUE/);
    });
    expect([mine(), await store.streamVersion('a')]).toEqual([[1, 2], 2]);
    const waiting = await open({ inlineProjections: [{ name: 'waiting', handle: async () => {} }] });
    expect(() => waiting.appendSync('a', [event(1)])).toThrow(failing('INVALID_ARGUMENT'));
    expect(await store.streamVersion('a')).toBe(2);
  });

  it('ES5 shows nobody what is not committed yet, however long that takes', async () => {
    const clock = new FakeClock(1_000);
    const adapter = new SqliteEventAdapter(db, { clock });
    const store = new EventStore({ adapter, clock, random: () => 0.5 });
    await store.init();
    const handled: unknown[] = [];
    const subscription = store.subscribe({ name: 's', handle: async ({ data }) => void handled.push(data) });
    const time = async () => {
      for (let n = 0; n < 100; n++) await clock.advance(10);
    };
    await time();
    for (const [n, end] of ['rollback', 'commit', 'rollback'].entries()) {
      db.exec('begin immediate');
      store.appendSync('a', [event(n)]);
      const reading = store.readAll().toArray();
      await time();
      expect(handled).toEqual(n > 1 ? [1] : []);
      db.exec(end);
      await time();
      expect((await reading).map(({ data }) => data)).toEqual(n > 0 ? [1] : []);
      expect(handled).toEqual(n > 0 ? [1] : []);
    }
    db.exec('begin immediate');
    store.appendSync('a', [event(9)]);
    const reading = Promise.allSettled([
      store.readAll().toArray(),
      store.read('a').toArray(),
      store.streamVersion('a'),
      store.aggregateStream('a', { initial: () => 0, evolve: (count) => count + 1 }),
      adapter.lastPosition(),
    ]);
    // Whoever need not wait sees what is his own.
    expect(() => store.appendSync('a', [event(9)], { expectedVersion: 1 })).toThrow(
      failing('CONCURRENCY_CONFLICT', { actualVersion: 2 }),
    );
    for (let n = 0; n < 6; n++) await time();
    const message = expect.stringMatching(/within 5000 ms: a transaction of yours is open .*; end it first, or/);
    for (const outcome of await reading) {
      expect(outcome).toEqual({ status: 'rejected', reason: failing('STORAGE_FAILED', { message }) });
    }
    db.exec('rollback');
    expect(await store.streamVersion('a')).toBe(1);
    const closing = subscription.close();
    await time();
    await closing;
  });

  it('wakes the subscriptions of the store', async () => {
    const store = await open();
    let handled = () => {};
    const waking = new Promise<void>((resolve) => {
      handled = resolve;
    });
    const subscription = store.subscribe({ name: 's', pollIntervalMs: 1_000_000_000, handle: async () => handled() });
    await subscription.caughtUp();
    transaction(() => {
      store.appendSync('a', [event(1)]);
    });
    await waking;
    await store.close();
  });
});

describe('appendSync elsewhere', () => {
  it('works in memory, at once', async () => {
    const store = new EventStore({ adapter: new MemoryEventAdapter() });
    await store.init();
    expect(store.appendSync('a', [event(1)])).toMatchObject({ version: 1, position: 1 });
    expect((await store.read('a').toArray()).map(({ data }) => data)).toEqual([1]);
    let end = () => {};
    const within = () =>
      new Promise<void>((resolve) => {
        end = resolve;
      });
    const adapter = new MemoryEventAdapter();
    const waiting = adapter.append([], { within });
    expect(() => adapter.appendSync([])).toThrow(failing('STORAGE_FAILED'));
    end();
    await waiting;
    expect(adapter.appendSync([])).toEqual({ status: 'appended', batches: [] });
  });

  it('says what is missing: init() before, an open store, an adapter that need not wait', async () => {
    const adapter = Object.defineProperty(new MemoryEventAdapter(), 'appendSync', { value: undefined });
    const store = new EventStore({ adapter });
    const append = () => store.appendSync('a', [event(1)]);
    expect(append).toThrow(failing('NOT_INITIALIZED', { operation: 'appendSync' }));
    await store.init();
    expect(append).toThrow(failing('UNSUPPORTED_BY_ADAPTER', { message: expect.stringContaining('withTransaction') }));
    await store.close();
    expect(append).toThrow(failing('CLOSED'));
    await expect(store.init()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

/** What tells errors apart. */
function told(error: unknown): object {
  if (!isMigrationError(error)) throw error;
  const { cause: _, ...fields } = error as unknown as Record<string, unknown>;
  return { ...fields, message: error.message };
}
