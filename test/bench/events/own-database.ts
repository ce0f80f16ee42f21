import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { uniqueName } from '../../servers.ts';

/** Gives a database of its own to work in, for the tables and schemas of some peers have names that can't be chosen. */
export async function inOwnDatabase<T>(serverUrl: string, work: (connectionString: string) => Promise<T>): Promise<T> {
  const database = uniqueName('bench_events');
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  try {
    await server.query(`create database ${database}`);
    try {
      return await work(url.href);
    } finally {
      await quiet(server, database);
      await server.query(`drop database ${database} with (force)`);
    }
  } finally {
    await server.end();
  }
}

/** Waits, some seconds at most, for connections that are being closed. */
async function quiet(server: pg.Client, database: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { rowCount } = await server.query('select from pg_stat_activity where datname = $1', [database]);
    if (rowCount === 0) return;
    await setTimeout(50);
  }
}
