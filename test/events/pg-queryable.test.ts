import { EventEmitter } from 'node:events';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PgDatabase, query, withTransaction } from '../../src/adapters/postgres/pg-queryable.ts';
import { postgresUrl, uniqueName } from '../servers.ts';

const kinds: [string, boolean, () => Promise<{ db: PgDatabase; end: () => Promise<void> }>][] = [
  [
    'PGlite',
    true,
    async () => {
      const db = await PGlite.create();
      return { db, end: () => db.close() };
    },
  ],
  [
    'pg.Pool',
    postgresUrl !== undefined,
    async () => {
      const db = new pg.Pool({ connectionString: postgresUrl, max: 4 });
      return { db, end: () => db.end() };
    },
  ],
  [
    'pg.Client',
    postgresUrl !== undefined,
    async () => {
      const db = new pg.Client({ connectionString: postgresUrl });
      await db.connect();
      return { db, end: () => db.end() };
    },
  ],
];

for (const [kind, available, open] of kinds) {
  describe.runIf(available)(`withTransaction on ${kind}`, () => {
    const table = uniqueName('transactions');
    let db: PgDatabase;
    let end = async () => {};
    const stored = async () => (await query(db, `select n from ${table} order by n`)).rows;

    beforeAll(async () => {
      ({ db, end } = await open());
      await query(db, `create table ${table} (n int primary key)`);
    });
    afterAll(async () => {
      await query(db, `drop table ${table}`);
      await end();
    });

    it('commits what resolves and gives its value', async () => {
      const value = await withTransaction(db, async (connection) => {
        await connection.query(`insert into ${table} values ($1)`, [1]);
        return 'done';
      });
      expect([value, await stored()]).toEqual(['done', [{ n: 1 }]]);
    });

    it('rolls back what rejects, with the error it was given, and the connection goes on', async () => {
      const failure = new Error('no');
      const attempt = withTransaction(db, async (connection) => {
        await connection.query(`insert into ${table} values (2)`);
        throw failure;
      });
      await expect(attempt).rejects.toBe(failure);
      expect(await stored()).toEqual([{ n: 1 }]);
    });

    it('says so when a failed statement inside was caught and COMMIT became a rollback', async () => {
      const attempt = withTransaction(db, async (connection) => {
        await connection.query(`insert into ${table} values (3)`);
        await expect(connection.query(`insert into ${table} values (1)`)).rejects.toThrow();
      });
      await expect(attempt).rejects.toThrow();
      expect(await stored()).toEqual([{ n: 1 }]);
    });

    it('keeps statements and transactions of others out of an open transaction', async () => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const undone = withTransaction(db, async (connection) => {
        await connection.query(`insert into ${table} values (10)`);
        await held;
        throw new Error('undone');
      });
      const others = [
        query(db, `insert into ${table} values (11)`),
        withTransaction(db, (connection) => connection.query(`insert into ${table} values (12)`)),
      ];
      release();
      await expect(undone).rejects.toThrow('undone');
      await Promise.all(others);
      expect(await stored()).toEqual([{ n: 1 }, { n: 11 }, { n: 12 }]);
    });
  });
}

describe.runIf(postgresUrl)('withTransaction on a connection that is cut', () => {
  it('rejects with the first error, and the pool goes on with a new connection', async () => {
    const pool = new pg.Pool({ connectionString: postgresUrl, max: 1 });
    pool.on('error', () => {});
    const attempt = withTransaction(pool, async (connection) => {
      // The cut is noticed by a listener-less client too: without one, node would end the process.
      if (connection instanceof pg.Client) connection.on('error', () => {});
      await connection.query('select pg_terminate_backend(pg_backend_pid())');
    });
    await expect(attempt).rejects.toMatchObject({ code: '57P01' });
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    await pool.end();
  });
});

describe('withTransaction on a pool', () => {
  it('gives a connection back as it is, or as broken where even the rollback failed', async () => {
    const released: unknown[] = [];
    let broken = false;
    const connection = {
      query: async (text: string) => {
        if (broken && text === 'ROLLBACK') throw new Error('gone');
        return { rows: [] };
      },
      release: (error?: unknown) => void released.push(error),
    };
    const pool = { totalCount: 1, query: connection.query, connect: async () => connection };
    await withTransaction(pool, async () => {});
    await expect(withTransaction(pool, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    broken = true;
    await expect(withTransaction(pool, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(released).toEqual([undefined, undefined, new Error('gone')]);
  });

  it('hears of a connection that is lost between two statements, and gives it back as broken', async () => {
    const released: unknown[] = [];
    const connection = Object.assign(new EventEmitter(), {
      query: async () => ({ rows: [] }),
      release: (error?: unknown) => void released.push(error),
    });
    const pool = { totalCount: 1, query: connection.query, connect: async () => connection };
    const lost = new Error('terminating connection due to administrator command');
    // Without a listener, emitting throws: an uncaught exception where a socket does it.
    await withTransaction(pool, async () => void connection.emit('error', lost));
    expect(released).toEqual([lost]);
    expect(connection.listenerCount('error')).toBe(0);
  });
});
