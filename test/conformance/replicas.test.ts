import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { afterAll, describe, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { SqliteTableReplica } from '../../src/adapters/sqlite/sqlite-table-replica.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { EventReplica } from '../../src/sync/event-replica.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import { StateReplica } from '../../src/sync/state-replica.ts';
import { TasksFileReplica } from '../../src/tasks/tasks-file-replica.ts';
import type { TasksFile } from '../../src/tasks/tasks-merger.ts';
import { replicaConformance } from '../../src/testing/replica-conformance.ts';
import { describeWithPostgres, uniqueName } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

const runner = { describe, it };
const state = (n: number): JsonObject => ({
  title: `title ${n}`,
  done: n % 2 === 0,
  tags: [`t${n}`, 'é👩‍👩‍👧'],
  note: null,
});
const namesOfStreams = (id: string) => id.length < 150;

describe('MemoryReplica', () => {
  replicaConformance(runner, {
    create: async () => new MemoryReplica<JsonObject>(),
    state,
    edit: async (replica, id, next) => (replica as MemoryReplica<JsonObject>).set(id, next),
  });
});

/** States of a manager of its own over a storage that others share. */
function stateReplica(store: VersionStore) {
  const mvcc = new MVCCController<JsonObject>({ store });
  const states = new StateManager<JsonObject>({ mvcc });
  managers.push(states);
  async function* ids() {
    for await (const { aggregateId } of mvcc.begin({ readOnly: true }).scan('')) yield aggregateId;
  }
  return new StateReplica<JsonObject>(states, { ids, others: true });
}
const managers: StateManager<JsonObject>[] = [];

/** Streams of a store of its own over a storage that others share. */
function eventReplica(adapter: EventAdapter) {
  const store = new EventStore({ adapter });
  stores.push(store);
  return new EventReplica<JsonObject>(store, {
    prefix: 'card-',
    evolve: (_state, event) => (event.type === 'card.removed' ? undefined : (event.data as JsonObject)),
    decide: (_before, after) => [after ? { type: 'card.changed', data: after } : { type: 'card.removed', data: {} }],
    subscription: uniqueName('sync'),
  });
}
const stores: EventStore[] = [];

afterAll(async () => {
  await Promise.all([...managers, ...stores].map((each) => each.close()));
});

describe('StateReplica in memory', () => {
  const store = new MemoryVersionStore();
  const create = async () => stateReplica(store);
  replicaConformance(runner, { create, reopen: create, state });
});

describe('EventReplica in memory', () => {
  const adapter = new MemoryEventAdapter();
  const create = async () => eventReplica(adapter);
  replicaConformance(runner, { create, reopen: create, state, isId: namesOfStreams });
});

describe('on an SQLite file that two connections share', () => {
  const { file, db } = sharedFile('replicas');
  const connections: TestDatabase[] = [];
  const connect = () => {
    const connection = openSqlite(file);
    connections.push(connection);
    return connection;
  };
  afterAll(() => {
    for (const each of connections) each.close();
  });

  describe('StateReplica', () => {
    replicaConformance(runner, {
      create: async () => stateReplica(new SqliteVersionStore(db())),
      reopen: async () => stateReplica(new SqliteVersionStore(connect())),
      state,
    });
  });

  describe('EventReplica', () => {
    replicaConformance(runner, {
      create: async () => eventReplica(new SqliteEventAdapter(db())),
      reopen: async () => eventReplica(new SqliteEventAdapter(connect())),
      state,
      isId: namesOfStreams,
    });
  });

  describe('SqliteTableReplica', () => {
    const columns = { title: { column: 'name' }, done: { type: 'boolean' }, tags: { type: 'json' }, note: {} } as const;
    const open = (connection: TestDatabase) => {
      connection.exec(
        "CREATE TABLE IF NOT EXISTS cards (id TEXT PRIMARY KEY, name TEXT, done INTEGER, tags TEXT, note TEXT, kept TEXT DEFAULT 'k')",
      );
      return new SqliteTableReplica(connection, { table: 'cards', idColumn: 'id', columns, pollIntervalMs: 5 });
    };
    const edit = async (_: unknown, id: string, next: JsonObject | undefined) => {
      db().prepare('DELETE FROM cards WHERE id = ?').run(id);
      if (!next) return;
      const insert = db().prepare('INSERT INTO cards (id, name, done, tags, note) VALUES (?, ?, ?, ?, NULL)');
      insert.run(id, next.title, Number(next.done), JSON.stringify(next.tags));
    };
    replicaConformance(runner, {
      create: async () => open(db()),
      reopen: async () => open(connect()),
      state,
      edit,
      listed: 1200,
    });
  });
});

describeWithPostgres('on PostgreSQL', () => {
  const { schema, pool } = sharedSchema('replicas', 8);
  const storage = (): [pg.Pool, { schema: string }] => [pool(), { schema }];

  describe('StateReplica', () => {
    const create = async () => stateReplica(new PostgreSQLVersionStore(...storage()));
    replicaConformance(runner, { create, reopen: create, state });
  });

  describe('EventReplica', () => {
    const create = async () => eventReplica(new PostgreSQLEventAdapter(...storage()));
    replicaConformance(runner, { create, reopen: create, state, isId: namesOfStreams });
  });
});

describe('TasksFileReplica', () => {
  const root = mkdtempSync(join(tmpdir(), 'replicas-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const create = async () => new TasksFileReplica(root);
  replicaConformance<TasksFile>(runner, {
    create,
    reopen: create,
    state: (n) => ({ text: `# Plan\r\n\r\n- [${n % 2 ? 'x' : ' '}] ${n} é👩‍👩‍👧 ${n}\n` }),
    isId: (id) => id.isWellFormed() && !/[/\\\0]/.test(id) && Buffer.byteLength(id) <= 255,
    async edit(_, id, next) {
      const path = join(root, id, 'tasks.md');
      if (!next) return rm(path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, next.text);
    },
    listed: 30,
  });
});
