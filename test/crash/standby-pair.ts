import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PostgresServer } from './postgres-server.ts';

/** A primary and a hot standby that follows it, each with a pool. What the primary acknowledges, the standby has. */
export class StandbyPair {
  readonly primary: pg.Pool;
  readonly standby: pg.Pool;
  readonly #servers: readonly [PostgresServer, PostgresServer];

  private constructor(primary: PostgresServer, standby: PostgresServer) {
    this.#servers = [primary, standby];
    [this.primary, this.standby] = this.#servers.map(({ url }) => {
      const pool = new pg.Pool({ connectionString: url, max: 30 });
      // The primary is killed under it, with transactions open.
      return pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}));
    }) as [pg.Pool, pg.Pool];
  }

  static async create(): Promise<StandbyPair> {
    const primary = await PostgresServer.create();
    const pair = new StandbyPair(primary, await PostgresServer.standbyOf(primary));
    await pair.primary.query("alter system set synchronous_standby_names = '*'");
    await pair.primary.query('select pg_reload_conf()');
    return pair;
  }

  /** Resolves once the standby has replayed all that the primary has done so far. */
  async replayed(): Promise<void> {
    const { rows } = await this.primary.query('select pg_current_wal_insert_lsn() as lsn');
    const text = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as replayed';
    while (!(await this.standby.query(text, [rows[0].lsn])).rows[0].replayed) await sleep(5);
  }

  /** kill -9 of the primary; then the standby becomes one. */
  async failOver(): Promise<void> {
    await this.#servers[0].kill();
    await this.standby.query('select pg_promote()');
  }

  async close(): Promise<void> {
    await Promise.all([this.primary.end(), this.standby.end()]);
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
