import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { recordChanges } from '../../src/state/record-changes.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';
import { runs } from './runs.ts';

interface Database {
  readonly share: number;
  open(): { versions: VersionStore; events: EventAdapter };
}

const schema = uniqueName('recorded');
let sqlite: TestDatabase;
let otherSqlite: TestDatabase;
let pglite: PGlite;
let pool: pg.Pool;

beforeAll(async () => {
  sqlite = openSqlite(':memory:');
  otherSqlite = openSqlite(':memory:');
  pglite = await PGlite.create();
  pool = new pg.Pool({ connectionString: postgresUrl, max: 6 });
});
afterAll(async () => {
  sqlite.close();
  otherSqlite.close();
  await pglite.close();
  if (postgresUrl) {
    await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.query(`drop schema if exists ${schema}_other cascade`);
  }
  await pool.end();
});

const databases: Record<string, Database> = {
  memory: {
    share: 1,
    open: () => ({ versions: new MemoryVersionStore(), events: new MemoryEventAdapter() }),
  },
  SQLite: {
    share: 0.5,
    open: () => ({ versions: new SqliteVersionStore(sqlite), events: new SqliteEventAdapter(sqlite) }),
  },
  PGlite: {
    share: 0.1,
    open: () => ({ versions: new PostgreSQLVersionStore(pglite), events: new PostgreSQLEventAdapter(pglite) }),
  },
};
if (postgresUrl) {
  databases.PostgreSQL = {
    share: 0.2,
    open: () => ({
      versions: new PostgreSQLVersionStore(pool, { schema }),
      events: new PostgreSQLEventAdapter(pool, { schema }),
    }),
  };
}

let made = 0;
const names = ['a', 'b'] as const;
const operation = fc.record({
  id: fc.constantFrom(...names),
  kind: fc.constantFrom('set', 'delete', 'both', 'refused', 'conflict', 'untold'),
});

describe.each(Object.entries(databases))('changes told in events on %s', (_kind, { open, share }) => {
  it('MV6 every version has its event and every event its version, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
        async (rounds) => {
          const run = ++made;
          const { versions, events } = open();
          const log = new EventStore({ adapter: events });
          let failing = false;
          const manager = new StateManager<string>({
            store: versions,
            retry: { maxAttempts: 50, backoff: { initialMs: 1, maxMs: 2 } },
            events: {
              log,
              toEvents: ({ version, state }) => {
                if (failing) throw new Error('no event');
                if (state === 'untold') return [];
                return [{ type: state === undefined ? 'gone' : 'changed', data: { version, state: state ?? null } }];
              },
            },
          });
          const of = (id: string) => `${id}-${run}`;
          const work = async ({ id, kind }: { id: string; kind: string }) => {
            if (kind === 'set') await manager.set(of(id), 'set');
            if (kind === 'untold') await manager.set(of(id), 'untold');
            if (kind === 'delete') await manager.delete(of(id));
            if (kind === 'conflict') {
              await expect(manager.set(of(id), 'never', { expectedVersion: 999 })).rejects.toThrow('999');
            }
            if (kind === 'both') {
              await manager.transaction(async (transaction) => {
                for (const each of names) await transaction.write(of(each), 'both');
              });
            }
          };
          for (const round of rounds) {
            if (round[0]!.kind === 'refused') {
              failing = true;
              await expect(manager.set(of(round[0]!.id), 'never')).rejects.toThrow('no event');
              failing = false;
            } else await Promise.all(round.map(work));
          }
          for (const id of names) {
            const expected: unknown[] = [];
            for await (const { version, state } of manager.history(of(id))) {
              if (state !== 'untold') expected.push({ version, state: state ?? null });
            }
            const told = await log.read(of(id)).toArray();
            expect(told.map(({ data }) => data)).toEqual(expected);
          }
        },
      ),
      runs(Math.ceil(60 * share)),
    );
  });

  it('tells by default what the state is, or that there is none any more', async () => {
    const { versions, events } = open();
    const log = new EventStore({ adapter: events });
    const manager = new StateManager<{ n: number }>({
      store: versions,
      events: { log, stream: (id) => `state-${id}` },
    });
    const id = `default-${++made}`;
    await manager.set(id, { n: 1 });
    await manager.delete(id);
    expect((await log.read(`state-${id}`).toArray()).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'state.changed', data: { version: 1, state: { n: 1 } } },
      { type: 'state.deleted', data: { version: 2 } },
    ]);
  });

  it('writes no state whose event the event store refuses', async () => {
    const { versions, events } = open();
    const log = new EventStore({ adapter: events });
    const id = `deleted-${++made}`;
    await log.append(id, [{ type: 'first', data: {} }]);
    await log.deleteStream(id);
    const manager = new StateManager<number>({ store: versions, events: { log } });
    await expect(manager.set(id, 1)).rejects.toMatchObject({ code: 'STREAM_DELETED' });
    expect(await manager.get(id)).toBeNull();
  });

  it('lets nobody prepare what would go untold', async () => {
    const { versions, events } = open();
    const log = new EventStore({ adapter: events });
    const mvcc = new MVCCController<number>({ store: recordChanges(versions, { log }) });
    const transaction = mvcc.begin();
    await transaction.write(`prepared-${++made}`, 1);
    await expect(transaction.prepare('id')).rejects.toMatchObject({ code: 'TWO_PHASE_UNSUPPORTED' });
  });
});

describe('events in another database', () => {
  const elsewhere: [string, () => VersionStore, () => EventAdapter][] = [
    ['memory beside SQLite', () => new SqliteVersionStore(sqlite), () => new MemoryEventAdapter()],
    ['SQLite beside memory', () => new MemoryVersionStore(), () => new SqliteEventAdapter(sqlite)],
    ['another SQLite', () => new SqliteVersionStore(sqlite), () => new SqliteEventAdapter(otherSqlite)],
    ['PGlite beside SQLite', () => new SqliteVersionStore(sqlite), () => new PostgreSQLEventAdapter(pglite)],
    ['PGlite beside memory', () => new MemoryVersionStore(), () => new PostgreSQLEventAdapter(pglite)],
    ['SQLite beside PGlite', () => new PostgreSQLVersionStore(pglite), () => new SqliteEventAdapter(sqlite)],
    ['memory beside PGlite', () => new PostgreSQLVersionStore(pglite), () => new MemoryEventAdapter()],
  ];
  if (postgresUrl) {
    elsewhere.push([
      'PostgreSQL beside PGlite',
      () => new PostgreSQLVersionStore(pglite, { schema }),
      () => new PostgreSQLEventAdapter(pool, { schema }),
    ]);
  }

  it.each(elsewhere)('are refused, and nothing is written: %s', async (_name, versions, events) => {
    // The other database has such tables, too.
    await new EventStore({ adapter: new PostgreSQLEventAdapter(pglite, { schema }) }).init();
    const log = new EventStore({ adapter: events() });
    const manager = new StateManager<number>({ store: versions(), events: { log } });
    const id = `elsewhere-${++made}`;
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(manager.set(id, 1)).rejects.toMatchObject({ code: 'DIFFERENT_DATABASE' });
    }
    expect(await manager.get(id)).toBeNull();
    expect(await log.read(id).toArray()).toEqual([]);
    await expect(manager.set(id, 1, { expectedVersion: 7 })).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
  });
});
