import pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgreSQLLockManager } from '../../src/adapters/postgres/postgresql-lock-manager.ts';
import { MemoryLockManager } from '../../src/state/memory-lock-manager.ts';
import { lockManagerConformance } from '../../src/testing/lock-manager-conformance.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

const runner = { describe, it };

describe('MemoryLockManager', () => {
  lockManagerConformance(runner, { create: async () => new MemoryLockManager() });
});

describeWithPostgres('PostgreSQLLockManager', () => {
  const namespace = uniqueName('locks');
  const application = namespace.slice(-40);
  let one: pg.Pool;
  let two: pg.Pool;
  const settings = { connectionString: postgresUrl, application_name: application };
  beforeAll(() => {
    one = new pg.Pool({ ...settings, max: 20 });
    two = new pg.Pool({ ...settings, max: 20, options: '-c default_transaction_isolation=serializable' });
  });
  afterAll(() => Promise.all([one.end(), two.end()]));

  const untilWaiting = async (count: number) => {
    const text = `select count(*)::int as n from pg_stat_activity
      where application_name = $1 and wait_event_type = 'Lock' and wait_event = 'advisory'`;
    for (;;) {
      const { rows } = await one.query(text, [application]);
      if (rows[0].n >= count) return;
    }
  };
  lockManagerConformance(runner, {
    create: async () => new PostgreSQLLockManager(one, { namespace }),
    reopen: async () => new PostgreSQLLockManager(two, { namespace }),
    untilWaiting,
  });
});
