import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgQueryable } from '../../src/adapters/postgres/pg-queryable.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { MemoryCacheProvider } from '../../src/cache/memory-cache-provider.ts';
import { CommitInDoubtError } from '../../src/core/errors.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import type { CommitRequest } from '../../src/state/version-store.ts';

let db: PGlite;
beforeAll(async () => {
  db = await PGlite.create();
  // It compiles its WebAssembly, which takes long where others compute too.
}, 120_000);
afterAll(() => db.close());

const write = (aggregateId: string, state: string | number = 1) => ({ aggregateId, state });
const request = (...ids: string[]): CommitRequest => ({ writes: ids.map((id) => write(id)), checks: [], timestamp: 0 });

it('what a cache has kept of a transaction that was rolled back nobody else is given', async () => {
  const store = new PostgreSQLVersionStore(db, { schema: 'undone' });
  const cacheProvider = new MemoryCacheProvider({ max: 10 });
  const outside = new StateManager<string>({ store, cacheProvider });
  await outside.set('a', 'first');
  await db.exec('begin');
  const inside = new StateManager<string>({ store: store.withTransaction(db), cacheProvider });
  await inside.set('a', 'undone');
  expect((await inside.get('a'))?.state).toBe('undone');
  await db.exec('rollback');
  await outside.set('a', 'second');
  expect(await outside.get('a')).toMatchObject({ version: 2, state: 'second' });
});

describe('round trips', () => {
  /** The statements that a store sends. */
  async function counting(schema: string) {
    const sent: string[] = [];
    const client: PgQueryable = {
      query: (text, values) => {
        sent.push(text);
        return db.query(text, values);
      },
    };
    const store = new PostgreSQLVersionStore(client, { schema });
    await store.init();
    return { sent, store };
  }

  it('a commit is one, over any number of aggregates, checks and removals', async () => {
    const { sent, store } = await counting('trips');
    for (const count of [1, 10, 100]) {
      sent.length = 0;
      const ids = Array.from({ length: count }, (_, n) => `${count}-${n}`);
      const outcome = await store.commit({
        ...request(...ids),
        checks: [
          ...ids.map((aggregateId) => ({ aggregateId, version: 0 })),
          { prefix: 'none', sequence: 0 },
          { aggregateId: 'none', sequence: 0 },
        ],
        retention: { horizon: 100, keepVersions: 1, keepBytes: 10, keepSince: 0 },
      });
      expect(outcome.status).toBe('committed');
      expect(sent.length).toBe(1);
    }
  });

  it('a commit that has lost, and writes what is held, makes no other of its group be done twice', async () => {
    const { store } = await counting('held');
    await store.commit(request('lost'));
    await store.prepare('holder', request('held'));
    const loser = {
      ...request('held'),
      checks: [
        { aggregateId: 'lost', version: 9 },
        { prefix: 'no', sequence: 0 },
      ],
    };
    const outcomes = await Promise.all([store.commit(request('a')), store.commit(loser), store.commit(request('b'))]);
    expect(outcomes[1]).toEqual({
      status: 'conflict',
      failed: [{ check: loser.checks[0], aggregateId: 'lost', actualVersion: 1 }],
    });
    expect(await Promise.all(['a', 'b', 'held'].map((id) => store.latestVersion(id)))).toEqual([1, 1, 0]);
  });

  it('commits that come while one is on its way share the next, each with its own outcome', async () => {
    const { sent, store } = await counting('groups');
    sent.length = 0;
    const commit = (id: string, version: number, state: string | number = 1) =>
      store.commit({ writes: [write(id, state)], checks: [{ aggregateId: id, version }], timestamp: 0 });
    const first = commit('first', 0);
    await Promise.resolve();
    const others = [commit('a', 0), commit('a', 1), commit('a', 1), commit('b', 7), commit('c', 0)];
    const outcomes = await Promise.all([first, ...others]);
    expect(outcomes.map((outcome) => (outcome.status === 'committed' ? outcome.sequence : outcome.status))).toEqual([
      1,
      2,
      3,
      'conflict',
      'conflict',
      4,
    ]);
    expect(sent.length).toBe(2);
    expect((await store.history('a', { fromVersion: 1, limit: 9 })).map(({ sequence }) => sequence)).toEqual([2, 3]);
  });

  it('one commit that the server refuses harms no other of its group', async () => {
    const { store } = await counting('groups');
    // PostgreSQL's text can't hold it; the controller lets no such id through.
    const ids = ['x', 'nul\0', 'y'];
    const settled = await Promise.allSettled(ids.map((id) => store.commit(request(id))));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([await store.latestVersion('x'), await store.latestVersion('y')]).toEqual([1, 1]);
  });

  it('reading, scanning and following changes are one each, also of packed versions', async () => {
    const { sent, store } = await counting('trips');
    for (let n = 1; n <= 40; n++)
      await store.commit({ ...request(), writes: [write('long', `${n}${'x'.repeat(9000)}`)] });
    const [, some] = await store.history('long', { fromVersion: 1, limit: 2 });
    const packed = await db.query(`select from trips.state_versions where form = 'delta'`);
    expect(packed.rows.length).toBeGreaterThan(16);
    const page = { prefix: 'long', limit: 10 };
    for (const work of [
      () => store.read('long'),
      () => store.read('long', { version: 2 }),
      () => store.read('long', { sequence: some!.sequence }),
      () => store.read('long', { time: 0 }),
      () => store.scan({ ...page, sequence: some!.sequence }),
      () => store.changes({ ...page, after: some!.sequence }),
      () => store.history('long', { fromVersion: 3, limit: 20 }),
    ]) {
      sent.length = 0;
      await work();
      expect(sent.length).toBe(1);
    }
  });
});

it('a commit takes effect though the old versions before it can’t be packed: a vacuum packs them', async () => {
  let refused = 0;
  const client: PgQueryable = {
    async query(text, values) {
      if (!text.includes(`set state = d.delta`) || refused < 0) return db.query(text, values);
      refused++;
      throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
    },
  };
  const store = new PostgreSQLVersionStore(client, { schema: 'unpacked' });
  await store.init();
  const long = (n: number) => ({ ...request(), writes: [write('long', `${n}${'x'.repeat(9000)}`)] });
  for (let n = 1; n <= 40; n++) expect((await store.commit(long(n))).status).toBe('committed');
  // Not with each commit: there is a next time after as many more.
  expect(refused).toBe(2);
  refused = -1;
  await store.vacuum({ horizon: 0 });
  const { rows } = await db.query(`select from unpacked.state_versions where form = 'delta'`);
  expect(rows.length).toBeGreaterThan(30);
});

describe('a transaction of the caller’s', () => {
  const store = () => new PostgreSQLVersionStore(db, { schema: 'callers' });

  it('MV6 takes what is committed within along, or not', async () => {
    await store().init();
    await db.exec('create table callers.rows (n int)');
    await db.transaction(async (transaction) => {
      const within = store().withTransaction(transaction);
      await within.init();
      await transaction.query('insert into callers.rows values (1)');
      expect((await within.commit(request('kept'))).status).toBe('committed');
      expect((await within.read('kept'))?.state).toBe(1);
      expect((await within.commit({ ...request('kept'), checks: [{ aggregateId: 'kept', version: 0 }] })).status).toBe(
        'conflict',
      );
    });
    const failing = db.transaction(async (transaction) => {
      await store().withTransaction(transaction).commit(request('kept', 'lost'));
      await store().withTransaction(transaction).prepare?.('lost', request('lost'));
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect([await store().latestVersion('kept'), await store().latestVersion('lost')]).toEqual([1, 0]);
    expect(await store().prepared()).toEqual([]);
  });

  it('fails with it, and says what to do', async () => {
    const failing = db.transaction(async (transaction) => {
      await transaction.query('select 1 / 0').catch(() => {});
      await store().withTransaction(transaction).commit(request('a'));
    });
    await expect(failing).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('roll your transaction back'),
    });
  });

  it('is refused on a pool, where it is nobody’s', () => {
    const pool = { query: async () => ({ rows: [] }), connect: async () => ({}), totalCount: 0 };
    expect(() => store().withTransaction(pool)).toThrow(/not a pool/);
  });
});

describe('a connection that is lost', () => {
  /** Runs so many statements that begin so, and loses the connection before it can tell. */
  const losing = (schema: string, name: string, times = 1) => {
    let left = times;
    const client: PgQueryable = {
      async query(text, values) {
        const result = await db.query(text, values);
        if (text.startsWith('select 0 as part') && text.includes(name) && left-- > 0)
          throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
        return result;
      },
    };
    return new PostgreSQLVersionStore(client, { schema, random: () => 0 });
  };

  it('leaves a commit in doubt, and the error says what to look at', async () => {
    const store = losing('lost', '.commit_versions_v2');
    await store.init();
    const failing = store.commit({
      ...request('a', 'b'),
      checks: [
        { aggregateId: 'a', version: 0 },
        { aggregateId: 'c', version: 0 },
      ],
    });
    const error = await failing.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CommitInDoubtError);
    expect(error).toMatchObject({
      code: 'COMMIT_IN_DOUBT',
      writes: [
        { aggregateId: 'a', version: undefined },
        { aggregateId: 'b', version: undefined },
      ],
    });
    expect(await store.latestVersion('a')).toBe(1);
    const again = losing('lost', '.commit_versions_v2').commit({
      ...request('a'),
      checks: [{ aggregateId: 'a', version: 1 }],
    });
    await expect(again).rejects.toThrow(/version 2 of "a"/);
  });

  it('leaves each commit of a group in doubt, and each error names its own', async () => {
    const store = losing('lost', '.commit_versions_v2');
    const settled = await Promise.allSettled(['g1', 'g2'].map((id) => store.commit(request(id))));
    expect(settled.map((each) => each.status === 'rejected' && each.reason.writes)).toEqual([
      [{ aggregateId: 'g1', version: undefined }],
      [{ aggregateId: 'g2', version: undefined }],
    ]);
    expect([await store.latestVersion('g1'), await store.latestVersion('g2')]).toEqual([1, 1]);
  });

  it('MV9 is no doubt for what is prepared and decided: both are done again', async () => {
    const preparing = losing('lost', '.prepare_versions_v2', 2);
    expect(await preparing.prepare('one', request('p'))).toEqual({ status: 'prepared' });
    expect((await preparing.prepared()).map(({ id }) => id)).toEqual(['one']);
    const deciding = losing('lost', '.decide_versions_v2');
    expect(await deciding.decide('one', 'commit', 0)).toBeUndefined();
    expect(await deciding.latestVersion('p')).toBe(1);
    expect(await deciding.prepared()).toEqual([]);
  });
});

describe('the layout', () => {
  it('of versions from before layouts had numbers is brought up to date, with all that is in it', async () => {
    // As the first version of this library made it.
    await db.exec(`create schema older;
      create table older.state_versions (
        aggregate_id text collate "C" not null, version bigint not null, sequence bigint not null,
        timestamp bigint not null, state text not null, primary key (aggregate_id, version));
      create table older.state_commits (only_row boolean primary key check (only_row), sequence bigint not null,
        identity text not null) with (fillfactor = 10);
      create function older.remove_versions_v1(ids text[], keep bigint, horizon bigint) returns bigint
        language sql as 'select 1::bigint';
      insert into older.state_commits values (true, 2, 'its name');
      insert into older.state_versions values ('a', 1, 1, 50, '{"n":1}'), ('a', 2, 2, 70, '{"n":2}')`);
    const stores = Array.from({ length: 3 }, () => new PostgreSQLVersionStore(db, { schema: 'older' }));
    await Promise.all(stores.map((store) => store.init()));
    const [store] = stores as [PostgreSQLVersionStore];
    expect(await store.identity()).toBe('its name');
    const committed = await store.commit({ ...request('a'), timestamp: 10 });
    expect(committed).toEqual({ status: 'committed', sequence: 3, timestamp: 70, versions: [3] });
    expect((await store.history('a', { fromVersion: 1, limit: 9 })).map(({ state }) => state)).toEqual([
      { n: 1 },
      { n: 2 },
      1,
    ]);
    const { rows } = await db.query(`select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where nspname = 'older' and proname like '%v1'`);
    expect(rows).toEqual([]);
  });

  it('can be made by the caller’s own migrations, and then init needs no right to', async () => {
    await db.exec(new PostgreSQLVersionStore(db, { schema: 'own' }).ddl());
    await db.exec(`create role reader; grant usage on schema own to reader;
      grant select on all tables in schema own to reader; set role reader`);
    try {
      const store = new PostgreSQLVersionStore(db, { schema: 'own' });
      await store.init();
      expect(await store.lastSequence()).toBe(0);
    } finally {
      await db.exec('reset role');
    }
  });

  it('of a newer version of the library is refused', async () => {
    const store = new PostgreSQLVersionStore(db, { schema: 'newer' });
    await store.init();
    await db.exec(`update newer.layout_versions set version = 99 where part = 'versions'`);
    await expect(new PostgreSQLVersionStore(db, { schema: 'newer' }).init()).rejects.toThrow(/layout 99/);
  });
});

describe('an aggregate of very many versions', () => {
  const versions = 30_000;
  const schema = 'long_history';
  let store: PostgreSQLVersionStore;
  beforeAll(async () => {
    store = new PostgreSQLVersionStore(db, { schema });
    await store.init();
    await db.query(
      `insert into ${schema}.state_versions (aggregate_id, version, sequence, timestamp, state)
       select 'a', n, n * 2, n * 10, n from generate_series(1, $1::bigint) n`,
      [versions],
    );
    await db.query(`update ${schema}.state_commits set sequence = $1, timestamp = $2`, [versions * 2, versions * 10]);
  });

  /** How many versions the work looks at, though the server knows no statistics. */
  const lookedAt = async (work: () => Promise<unknown>) => {
    const seen = async () => {
      const { rows } = await db.query<{ n: unknown }>(
        `select coalesce(idx_tup_fetch, 0) + seq_tup_read as n from pg_stat_xact_user_tables where relid = $1::regclass`,
        [`${schema}.state_versions`],
      );
      return Number(rows[0]!.n);
    };
    await db.query('begin');
    const before = await seen();
    await work();
    const after = await seen();
    await db.query('commit');
    return after - before;
  };

  it.each([1, 2, 9999, 15_000, versions - 17, versions - 16, versions - 15, versions])(
    'is read as of any moment by a few of them: version %d',
    async (version) => {
      for (const [at, expected] of [
        [{ sequence: version * 2 }, version],
        [{ sequence: version * 2 + 1 }, version],
        [{ time: version * 10 }, version],
        [{ time: version * 10 + 9 }, version],
        [{ time: version * 10 - 1 }, version === 1 ? undefined : version - 1],
      ] as const) {
        let found: Awaited<ReturnType<typeof store.read>>;
        expect(await lookedAt(async () => (found = await store.read('a', at)))).toBeLessThan(100);
        expect(found?.version).toBe(expected);
      }
      let page: Awaited<ReturnType<typeof store.scan>> = [];
      const scan = async () => (page = await store.scan({ prefix: 'a', sequence: version * 2, limit: 10 }));
      expect(await lookedAt(scan)).toBeLessThan(100);
      expect(page.map((found) => found.version)).toEqual([version]);
    },
  );

  it('gives pages of its history, of changes, and its newest version by no more than what they hold', async () => {
    for (const fromVersion of [1, 15_000, versions - 5]) {
      expect(await lookedAt(() => store.history('a', { fromVersion, limit: 10 }))).toBeLessThan(50);
    }
    expect(await lookedAt(() => store.changes({ after: 20_000, prefix: '', limit: 10 }))).toBeLessThan(100);
    expect(await lookedAt(() => store.read('a'))).toBeLessThan(10);
    expect(await lookedAt(() => store.latestVersion('a'))).toBeLessThan(10);
  });

  it('is searched by what the next layout brings, where it was made by the last', async () => {
    await db.exec(
      `drop function ${schema}.find_version_v3; update ${schema}.layout_versions set version = 2 where part = 'versions'`,
    );
    await new PostgreSQLVersionStore(db, { schema }).init();
    expect((await store.read('a', { sequence: 3 }))?.version).toBe(1);
  });

  it('is written with a retention by age or by count by a few of them', async () => {
    const retention = { horizon: 0, keepVersions: 29_000, keepSince: 10_000, graceSince: 5000 };
    const commit = () => store.commit({ ...request('a'), retention });
    expect(await lookedAt(commit)).toBeLessThan(100);
    const { horizon, ...limits } = retention;
    expect(horizon).toBe(0);
    // Those that were replaced before the time of grace began.
    await store.commit({ ...request('a'), retention: { ...limits, horizon: 40_000 } });
    expect((await store.history('a', { fromVersion: 1, limit: 1 }))[0]!.version).toBe(499);
    await store.commit({ ...request('a'), retention: { horizon: 40_000, keepSince: 10_000 } });
    expect((await store.history('a', { fromVersion: 1, limit: 1 }))[0]!.version).toBe(999);
    await expect(store.read('a', { time: 9980 })).rejects.toMatchObject({ code: 'SNAPSHOT_TOO_OLD' });
    expect((await store.read('a', { time: 9990 }))?.version).toBe(999);
  });
});
