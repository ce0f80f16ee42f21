import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockNote, readLockNote } from '../../src/adapters/postgres/pg-lock-note.ts';
import { PostgreSQLLockManager } from '../../src/adapters/postgres/postgresql-lock-manager.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';

describeWithPostgres('PostgreSQLLockManager', () => {
  const namespace = uniqueName('lock_manager');
  let pool: pg.Pool;
  let other: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 2 });
    pool.on('error', () => {});
    other = new pg.Pool({ connectionString: postgresUrl, max: 2 });
  });
  afterAll(() => Promise.all([pool.end(), other.end()]));

  /** The server process that holds the locks of an owner. */
  const holderOf = async (owner: string): Promise<number> => {
    const text = `select pid from pg_stat_activity where query like $1 and pid <> pg_backend_pid()`;
    const { rows } = await other.query(text, [`%${owner}%`]);
    return rows[0].pid;
  };

  it('gives the locks of a lost connection to others, and tells their owner', async () => {
    const locks = new PostgreSQLLockManager(pool, { namespace });
    const owner = uniqueName('lost');
    const release = await locks.acquire(['a'], { owner });
    await other.query('select pg_terminate_backend($1)', [await holderOf(owner)]);
    const next = await new PostgreSQLLockManager(other, { namespace }).acquire(['a'], {
      owner: 'next',
      timeoutMs: 5000,
    });
    await expect(locks.acquire(['b'], { owner })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await release();
    await next();
    await (await locks.acquire(['a', 'b'], { owner, timeoutMs: 5000 }))();
  });

  it('waits no longer than it was told for a connection, either', async () => {
    const locks = new PostgreSQLLockManager(pool, { namespace });
    const held = await Promise.all(['one', 'two'].map((owner) => locks.acquire([owner], { owner })));
    const call = locks.acquire(['free'], { owner: 'three', timeoutMs: 20 });
    await expect(call).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', owner: 'three' });
    await Promise.all(held.map((release) => release()));
    await (await locks.acquire(['free'], { owner: 'three', timeoutMs: 5000 }))();
  });

  it('waits for longer than the server can be told', async () => {
    const locks = new PostgreSQLLockManager(pool, { namespace });
    const holder = await locks.acquire(['a'], { owner: 'holder' });
    const waiting = locks.acquire(['a'], { owner: 'patient', timeoutMs: Number.MAX_SAFE_INTEGER });
    await expect(Promise.race([waiting, sleep(50, 'waits')])).resolves.toBe('waits');
    await holder();
    await (await waiting)();
  });

  it('leaves no connection, no transaction and no setting behind', async () => {
    const locks = new PostgreSQLLockManager(pool, { namespace });
    for (let n = 0; n < 5; n++) await (await locks.acquire(['a', 'b'], { owner: `${n}`, timeoutMs: 1234 }))();
    const stuck = await locks.acquire(['a'], { owner: 'holder' });
    await expect(locks.acquire(['a'], { owner: 'late', timeoutMs: 20 })).rejects.toThrow('20 ms');
    await stuck();
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of clients) {
      const { rows } = await client.query(
        `select now() = statement_timestamp() as fresh, current_setting('statement_timeout') as timeout`,
      );
      expect(rows[0]).toEqual({ fresh: true, timeout: '0' });
      client.release();
    }
  });

  it('keeps other namespaces apart', async () => {
    const one = new PostgreSQLLockManager(pool, { namespace });
    const two = new PostgreSQLLockManager(other, { namespace: `${namespace}-other` });
    const release = await one.acquire(['a'], { owner: 'one' });
    await (await two.acquire(['a'], { owner: 'two', timeoutMs: 5000 }))();
    await release();
  });

  it('takes no single client, and rejects with what keeps it from the server', async () => {
    expect(() => new PostgreSQLLockManager(new pg.Client() as never)).toThrow(InvalidArgumentError);
    const nowhere = new pg.Pool({ connectionString: 'postgres://postgres@127.0.0.1:1/postgres' });
    const call = new PostgreSQLLockManager(nowhere).acquire(['a'], { owner: 'one' });
    await expect(call).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await nowhere.end();
  });

  it.each(['*/ select 1; /*', '/* */', 'a\\u002a', '"\n', '한국어'])('can be read for who locks what: %j', (name) => {
    const note = { owner: name, aggregateIds: [name, 'b'] };
    const text = lockNote(note);
    expect(text.indexOf('*/')).toBe(text.length - 3);
    expect(text.lastIndexOf('/*')).toBe(0);
    expect(readLockNote(`${text}select 1`)).toEqual(note);
    expect(readLockNote(text.slice(0, 20))).toBeUndefined();
    expect(readLockNote('select 1')).toBeUndefined();
  });
});
