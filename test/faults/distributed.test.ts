import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PgQueryable } from '../../src/adapters/postgres/pg-queryable.ts';
import {
  PreparedTransactionsDisabledError,
  postgresParticipant,
} from '../../src/adapters/postgres/postgresql-participant.ts';
import { participantConformance } from '../../src/testing/participant-conformance.ts';
import { hasPostgresPrograms, PostgresServer } from '../crash/postgres-server.ts';
import { openBooking } from './booking.ts';

const program = join(import.meta.dirname, 'distributed-program.ts');
const { signal } = new AbortController();

describe.runIf(process.env.CI === 'true' || hasPostgresPrograms())(
  'distributed transactions with a PostgreSQL server',
  () => {
    let server: PostgresServer;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'booking-'));
      server = await PostgresServer.create();
    }, 60_000);
    afterAll(async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    /** A pool that may lose its connections: the server is killed. */
    function open(): pg.Pool {
      const pool = new pg.Pool({ connectionString: server.url });
      pool.on('error', () => {});
      pool.on('connect', (client) => void client.on('error', () => {}));
      return pool;
    }

    /** @returns Whether the process was killed. */
    async function live(key: string, moments: number): Promise<boolean> {
      const args = ['--import', 'tsx', program, folder, server.url, key, String(moments)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code, killedBy] = await new Promise<[number | null, string | null]>((resolve) => {
        child.once('exit', (...how) => resolve(how));
      });
      if (killedBy === null) expect(code).toBe(0);
      return killedBy === 'SIGKILL';
    }

    test('a server that takes no prepared transactions, as by default, is named', async () => {
      const pool = open();
      const participant = postgresParticipant(pool);
      await pool.query('create table t (n int)');
      const refused = participant.prepare('a', (client) => client.query('insert into t values (1)'), signal);
      await expect(refused).rejects.toThrow(PreparedTransactionsDisabledError);
      await participant.rollback('a', undefined, signal);
      expect((await pool.query('select n from t')).rows).toEqual([]);
      await pool.end();
      await server.kill();
      server.settings = { max_prepared_transactions: '20' };
      await server.start();
    }, 60_000);

    test('what is prepared is decided once, survives kill -9 of the server, and is listed by its prefix', async () => {
      const pool = open();
      const [one, other] = [postgresParticipant(pool), postgresParticipant(pool, { prefix: 'other' })];
      await pool.query('create table n (n int primary key)');
      const insert = (n: number) => (client: { query(text: string): Promise<unknown> }) =>
        client.query(`insert into n values (${n})`);
      for (const n of [1, 2]) await one.prepare(`t-${n}`, insert(n), signal);
      await other.prepare('t-3', insert(3), signal);
      await one.prepare('t-1', insert(4), signal); // again: it stays as it was
      expect((await pool.query('select n from n')).rows).toEqual([]);

      await server.kill();
      await server.start();
      expect([await one.prepared!(signal), await other.prepared!(signal)]).toEqual([['t-1', 't-2'], ['t-3']]);
      for (let times = 0; times < 2; times++) {
        await one.commit('t-1', undefined, signal);
        await one.rollback('t-2', undefined, signal);
        await other.commit('t-3', undefined, signal);
      }
      expect((await pool.query('select n from n order by n')).rows).toEqual([{ n: 1 }, { n: 3 }]);
      expect(await one.prepared!(signal)).toEqual([]);

      const failed = one.prepare('t-5', (client) => client.query('insert into n values (1)'), signal);
      await expect(failed).rejects.toMatchObject({ code: '23505' });
      await expect(one.prepare("x'y", insert(6), signal)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await pool.end();
    }, 60_000);

    describe('postgresParticipant on a pg.Pool and a pg.Client', () => {
      let pool: pg.Pool;
      let client: pg.Client;
      beforeAll(async () => {
        pool = open();
        client = new pg.Client({ connectionString: server.url });
        client.on('error', () => {});
        await client.connect();
        await pool.query('create table keys (key text primary key)');
      });
      afterAll(() => Promise.all([pool.end(), client.end()]));
      const insert = (key: string) => (client: PgQueryable) => client.query('insert into keys values ($1)', [key]);
      participantConformance(
        { describe, it: test },
        {
          create: async () => ({
            participant: postgresParticipant(pool),
            other: postgresParticipant(client),
            work: insert,
            seen: async (key) => (await pool.query('select 1 from keys where key = $1', [key])).rows.length,
          }),
          refused: () => (client) => client.query('select 1 / 0'),
        },
      );
    });

    test('MV9 a process killed -9 at every third step, and again while it recovers, leaves all or nothing', async () => {
      let counted = 0;
      const calm = await openBooking(folder, server.url, () => {
        counted += 1;
      });
      await calm.book('calm');
      expect(await calm.seen('calm')).toEqual([1, 1, 1, 1]);
      const last = counted;
      expect(last).toBeGreaterThan(20);
      const outcomes = new Set<string>();
      for (let moments = 2; moments <= last; moments += 3) {
        const key = `k${moments}`;
        expect(await live(key, moments)).toBe(true);
        await live('', 1 + ((moments * 3) % 11));
        await calm.coordinator.recover({ takeOver: true });
        const seen = (await calm.seen(key)).join('');
        outcomes.add(seen);
        expect(['0000', '1111'], `${seen} after a kill at ${moments}`).toContain(seen);
        expect(await calm.prepared()).toBe(0);
      }
      expect([...outcomes].sort()).toEqual(['0000', '1111']);
      await calm.close();
    }, 180_000);
  },
);
