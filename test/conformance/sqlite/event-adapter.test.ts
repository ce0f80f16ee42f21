import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { SqliteEventAdapter } from '../../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { eventAdapterConformance } from '../../../src/testing/event-adapter-conformance.ts';
import { openSqlite, sqliteDriver, type TestDatabase } from '../../sqlite-driver.ts';

for (const journal of ['wal', 'delete']) {
  describe(`SqliteEventAdapter on ${sqliteDriver}, a file in journal mode ${journal}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'events-'));
    let one: TestDatabase;
    let two: TestDatabase;
    beforeAll(() => {
      one = openSqlite(join(folder, 'events.db'));
      two = openSqlite(join(folder, 'events.db'));
      for (const db of [one, two]) db.exec(`pragma journal_mode = ${journal}; pragma synchronous = off`);
    });
    afterAll(() => {
      one.close();
      two.close();
      rmSync(folder, { recursive: true });
    });
    eventAdapterConformance(
      { describe, it },
      {
        create: async () => new SqliteEventAdapter(one, { tablePrefix: 'conformance_' }),
        reopen: async () => new SqliteEventAdapter(two, { tablePrefix: 'conformance_' }),
      },
    );
  });
}

describe(`SqliteEventAdapter on ${sqliteDriver}, in memory`, () => {
  let db: TestDatabase;
  beforeAll(() => {
    db = openSqlite(':memory:');
  });
  afterAll(() => db.close());
  const create = async () => new SqliteEventAdapter(db);
  eventAdapterConformance({ describe, it }, { create, reopen: create });
});
