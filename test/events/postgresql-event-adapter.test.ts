import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { EventBatch } from '../../src/events/event-adapter.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

const batch = (stream: string): EventBatch => ({
  stream,
  expectedVersion: 'any',
  events: [{ id: randomUUID(), type: 't', data: '1', encoding: 'json', metadata: '{}', timestamp: 0, tags: [] }],
});

describe('PostgreSQLEventAdapter', () => {
  it('is one statement an append and one a page', async () => {
    const statements: string[] = [];
    const db = {
      query: async (text: string) => {
        statements.push(text);
        return { rows: [{ conflict: null, version: '1', position: '1' }] };
      },
    };
    const adapter = new PostgreSQLEventAdapter(db);
    await adapter.append([batch('a'), batch('b')]);
    await adapter.readAll({ after: 0, limit: 10 });
    await adapter.readStream({ stream: 'a', from: 1, to: 9, limit: 9, direction: 'forward' });
    expect(statements).toHaveLength(3);
  });

  it('tries again where the server gave the append up for another transaction, with bounds', async () => {
    const failures = ['40001', '40P01'];
    const rows = [{ conflict: null, version: '7', position: '9' }];
    const clock = new FakeClock();
    const answer = async () => {
      const code = failures.shift();
      if (code) throw Object.assign(new Error('gave up'), { code });
      return { rows };
    };
    const adapter = new PostgreSQLEventAdapter({ query: answer }, { clock, random: () => 1 });
    const appending = adapter.append([batch('a')]);
    await clock.advance(1000);
    expect(await appending).toEqual({ status: 'appended', batches: [{ version: 7, position: 9 }] });

    failures.push(...Array.from({ length: 100 }, () => '40P01'));
    const failing = expect(adapter.append([batch('a')])).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await clock.advance(60_000);
    await failing;
    expect(failures).toHaveLength(90);
  });

  it('wraps what the driver throws, and says what to do', async () => {
    const failure = new Error('Connection terminated unexpectedly');
    const adapter = new PostgreSQLEventAdapter({ query: () => Promise.reject(failure) });
    await expect(adapter.append([batch('a')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      operation: 'append events',
      cause: failure,
      message: expect.stringContaining('append the same events again'),
    });
    await expect(adapter.streamVersion('a')).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: failure });
  });

  it.each(['', '1a', 'a b', 'a"b', "a'b", 'a;b', 'x'.repeat(49)])('ES11 refuses the schema %j', (schema) => {
    const db = { query: async () => ({ rows: [] }) };
    expect(() => new PostgreSQLEventAdapter(db, { schema })).toThrow(InvalidArgumentError);
  });
});

describeWithPostgres('PostgreSQLEventAdapter on a server', () => {
  const schema = uniqueName('events_server');
  const role = uniqueName('events_role');
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  });
  afterAll(async () => {
    await pool.query(`drop schema if exists "${schema}" cascade`);
    await pool.query(`drop role if exists "${role}"`);
    await pool.end();
  });

  it('is made by several processes at once, and needs no right to define anything once it is there', async () => {
    await Promise.all([1, 2, 3, 4].map(() => new PostgreSQLEventAdapter(pool, { schema }).init()));
    const client = await pool.connect();
    await client.query(`
      create role "${role}";
      grant usage on schema "${schema}" to "${role}";
      grant usage, select on sequence "${schema}".events_position to "${role}";
      grant select, insert, update on all tables in schema "${schema}" to "${role}";
      set role "${role}"`);
    const adapter = new PostgreSQLEventAdapter(client, { schema });
    await adapter.init();
    expect((await adapter.append([batch('a')])).status).toBe('appended');
    expect(await adapter.readAll({ after: 0, limit: 10 })).toHaveLength(1);
    const elsewhere = new PostgreSQLEventAdapter(client, { schema: `${schema}_other` }).init();
    await expect(elsewhere).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: { code: '42501' } });
    await client.query('reset role');
    client.release();
  });

  it('settles an append whose answer was lost: the same ids again give the first result', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    const lost = new PostgreSQLEventAdapter(
      {
        query: async (text, values) => {
          await pool.query(text, values);
          throw new Error('Connection terminated unexpectedly');
        },
      },
      { schema },
    );
    const appended = batch('lost');
    await expect(lost.append([appended])).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(await adapter.append([appended])).toMatchObject({ status: 'existing', events: [{ version: 1 }] });
  });

  it('finds no sequential scan in the way of an append, a page or a horizon', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    await pool.query(`
      insert into "${schema}".events
        select nextval('"${schema}".events_position'), 's' || n % 100, n, 'id' || n, 't', '1', 'json', '{}', 0
        from generate_series(1, 5000) n;
      analyze "${schema}".events`);
    for (const statement of [
      `select * from "${schema}".events where stream = 's1' and version >= 1 and version <= 9 order by version limit 5`,
      `select * from "${schema}".events where position > 100 and position <= 4000 order by position limit 5`,
      `select * from "${schema}".events where id = any('{id1,id2}')`,
      `select coalesce(max(position), 0) from "${schema}".events`,
    ]) {
      const { rows } = await pool.query(`explain ${statement}`);
      expect(JSON.stringify(rows)).not.toContain('Seq Scan');
    }
  });
});
