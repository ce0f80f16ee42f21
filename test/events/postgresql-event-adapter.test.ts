import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layoutStatements } from '../../src/adapters/postgres/pg-ddl.ts';
import { eventDdl } from '../../src/adapters/postgres/pg-event-ddl.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { InvalidArgumentError, type MigrationError } from '../../src/core/errors.ts';
import type { ExpectedVersion } from '../../src/core/expected-version.ts';
import type { EncodedEvent, EventBatch } from '../../src/events/event-adapter.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { describeWithPostgres, postgresDirectUrl, postgresUrl, uniqueName } from '../servers.ts';

const event = (fields: Partial<EncodedEvent> = {}): EncodedEvent => ({
  id: randomUUID(),
  type: 't',
  data: '1',
  encoding: 'json',
  metadata: '{}',
  timestamp: 0,
  tags: [],
  ...fields,
});

const batch = (stream: string, expectedVersion: ExpectedVersion = 'any', events = [event()]): EventBatch => ({
  stream,
  expectedVersion,
  events,
});

/** A database of no events that answers appends of one event, after it has failed as told. */
function fakeDatabase(failures: Error[] = []) {
  const statements: string[] = [];
  return {
    statements,
    query: async (text: string) => {
      statements.push(text);
      const failure = failures.shift();
      if (failure) throw failure;
      return { rows: text.includes('as answer') ? [{ answer: '7 9' }] : [] };
    },
  };
}

const failed = (code: string, fields = {}) => Object.assign(new Error('failed'), { code, ...fields });

describe('PostgreSQLEventAdapter', () => {
  it('is one statement an append and one a page', async () => {
    const db = fakeDatabase();
    const adapter = new PostgreSQLEventAdapter(db);
    await adapter.append([batch('a')]);
    await adapter.readAll({ after: 0, limit: 10 });
    await adapter.readStream({ stream: 'a', from: 1, to: 9, limit: 9, direction: 'forward' });
    expect(db.statements).toHaveLength(3);
  });

  it('tries again where the server gave the append up for another transaction, with bounds', async () => {
    const failures = [failed('40001'), failed('40P01')];
    const clock = new FakeClock();
    const adapter = new PostgreSQLEventAdapter(fakeDatabase(failures), { clock, random: () => 1 });
    const appending = adapter.append([batch('a')]);
    await clock.advance(1000);
    expect(await appending).toEqual({ status: 'appended', batches: [{ version: 7, position: 9 }] });

    failures.push(...Array.from({ length: 100 }, () => failed('40P01')));
    const failing = expect(adapter.append([batch('a')])).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await clock.advance(60_000);
    await failing;
    expect(failures).toHaveLength(90);
  });

  it.each([
    ['a lost connection', new Error('Connection terminated unexpectedly'), 'APPEND_IN_DOUBT'],
    ['a server that was shut down', failed('57P01'), 'APPEND_IN_DOUBT'],
    ['a reset connection', failed('ECONNRESET'), 'APPEND_IN_DOUBT'],
    ['a server that is not there', failed('ECONNREFUSED'), 'STORAGE_FAILED'],
    ['a server that begins', failed('57P03'), 'STORAGE_FAILED'],
    ['too many connections', failed('53300'), 'STORAGE_FAILED'],
  ])('after %s it tries again, and says whether the append is in doubt', async (_, failure, code) => {
    const clock = new FakeClock();
    const failures = Array.from({ length: 10 }, () => failure);
    const adapter = new PostgreSQLEventAdapter(fakeDatabase(failures), { clock, random: () => 1 });
    const appended = batch('a');
    const failing = adapter.append([appended]).catch((error: unknown) => error);
    await clock.advance(60_000);
    const error = (await failing) as MigrationError & { eventIds?: string[] };
    expect(error).toMatchObject({ code, cause: failure, message: expect.stringMatching(/append the same events/) });
    if (code === 'APPEND_IN_DOUBT') expect(error.eventIds).toEqual(appended.events.map(({ id }) => id));
    expect(failures).toEqual([]);

    failures.push(failure);
    const again = adapter.append([appended]);
    await clock.advance(60_000);
    expect((await again).status).toBe('appended');
  });

  it('is in doubt too when the connection was lost first, and the server is gone since', async () => {
    const clock = new FakeClock();
    const failures = [failed('ECONNRESET'), ...Array.from({ length: 9 }, () => failed('ECONNREFUSED'))];
    const adapter = new PostgreSQLEventAdapter(fakeDatabase(failures), { clock, random: () => 1 });
    const failing = expect(adapter.append([batch('a')])).rejects.toMatchObject({ code: 'APPEND_IN_DOUBT' });
    await clock.advance(60_000);
    await failing;
  });

  it('does not try again what the server refused: a timeout, a full disk, a pool that was ended', async () => {
    for (const failure of [
      failed('57014'),
      failed('53100'),
      new Error('Cannot use a pool after calling end on the pool'),
    ]) {
      const db = fakeDatabase([failure]);
      const appending = new PostgreSQLEventAdapter(db).append([batch('a')]);
      await expect(appending).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: failure });
      expect(db.statements).toHaveLength(1);
    }
  });

  it('gathers appends while one is on its way, each with an outcome of its own, and refuses more than may wait', async () => {
    let answer = () => {};
    const groups: number[] = [];
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const query = async (_: string, values: unknown[] = []) => {
      await answered;
      if (values.length === 10) {
        groups.push(1);
        return { rows: [{ answer: '1 1' }] };
      }
      const [separator, , , , , , , ids] = values as string[];
      const all = ids!.split(separator!).slice(0, -1);
      groups.push(all.length);
      return { rows: [{ answer: all.map((id, n) => [id, 1, n + 2].join(separator)).join(separator) }] };
    };
    const adapter = new PostgreSQLEventAdapter({ query }, { maxWaitingAppends: 70 });
    const appends = [adapter.append([batch('first')])];
    await Promise.resolve();
    for (let n = 0; n < 70; n++) appends.push(adapter.append([batch(`s${n}`)]));
    await expect(adapter.append([batch('late')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('70 appends wait already'),
    });
    answer();
    const outcomes = await Promise.all(appends);
    expect(groups).toEqual([1, 64, 6]);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['appended']));
  });

  it('prints the statements that it runs', () => {
    const adapter = new PostgreSQLEventAdapter(fakeDatabase(), { schema: 'mine' });
    expect(adapter.ddl()).toMatch(/^create schema if not exists "mine";/);
    expect(adapter.ddl()).toContain('create table if not exists "mine".events (');
    expect(adapter.ddl(5)).toBe('create schema if not exists "mine";\n');
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
    const client = new pg.Client({ connectionString: postgresDirectUrl });
    await client.connect();
    await client.query(`
      create role "${role}";
      grant usage on schema "${schema}" to "${role}";
      grant usage, select on all sequences in schema "${schema}" to "${role}";
      grant select, insert, update, delete on all tables in schema "${schema}" to "${role}";
      set role "${role}"`);
    const adapter = new PostgreSQLEventAdapter(client, { schema });
    await adapter.init();
    expect((await adapter.append([batch('a')])).status).toBe('appended');
    expect(await adapter.readAll({ after: 0, limit: 10 })).toHaveLength(1);
    const elsewhere = new PostgreSQLEventAdapter(client, { schema: `${schema}_other` }).init();
    await expect(elsewhere).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: { code: '42501' } });
    await client.end();
  });

  it('settles by itself an append whose answer was lost', async () => {
    await new PostgreSQLEventAdapter(pool, { schema }).init();
    let failures = 2;
    const query = async (text: string, values?: unknown[]) => {
      const result = await pool.query(text, values);
      if (failures-- > 0) throw new Error('Connection terminated unexpectedly');
      return result;
    };
    const adapter = new PostgreSQLEventAdapter({ query }, { schema });
    const appended = batch('lost', 'no_stream');
    expect(await adapter.append([appended])).toMatchObject({
      status: 'existing',
      events: [{ id: appended.events[0]!.id, version: 1 }],
    });
  });

  describe('in a transaction of its own', () => {
    interface Fault {
      readonly at: RegExp;
      /** Whether the statement has taken effect. */
      readonly done?: boolean;
      readonly error: Error;
    }
    const lost = new Error('Connection terminated unexpectedly');
    const deadlock = failed('40P01');

    /** The server through connections that fail as told, each fault once. */
    function faulty(faults: Fault[]) {
      const statements: string[] = [];
      const run = async (client: pg.ClientBase, text: string, values?: unknown[]) => {
        statements.push(text);
        const fault = faults[0]?.at.test(text) ? faults.shift() : undefined;
        const result = fault && !fault.done ? undefined : await client.query(text, values as never);
        if (fault) throw fault.error;
        return result!;
      };
      const connect = async () => {
        const client = await pool.connect();
        return {
          query: (text: string, values?: unknown[]) => run(client, text, values),
          release: (error?: Error) => client.release(error),
        };
      };
      return { db: { query: pool.query.bind(pool) as pg.Pool['query'], connect, totalCount: 1 }, statements };
    }

    const appending = async (faults: Fault[], within?: (client: unknown) => unknown) => {
      const { db, statements } = faulty(faults);
      const adapter = new PostgreSQLEventAdapter(db, { schema, random: () => 0, maxAttempts: 3 });
      await new PostgreSQLEventAdapter(pool, { schema }).init();
      const stream = uniqueName('chained');
      const appended = batch(stream, 0);
      const works: number[] = [];
      const outcome = await adapter
        .append([appended], {
          checkpoints: ([at]) => [{ name: stream, position: at!.position, state: '{}' }],
          within: (events, client) => {
            works.push(events.length);
            return within?.(client);
          },
        })
        .catch((error: unknown) => error as Error & { code?: string });
      const stored = await adapter.readStream({ stream, from: 1, to: 9, limit: 9, direction: 'forward' });
      const position = (await adapter.loadCheckpoint(stream))?.position;
      expect(position).toBe(stored[0]?.position);
      return { outcome, appended, stored: stored.length, works, begun: statements.filter((text) => text === 'BEGIN') };
    };

    it.each([
      ['its deadlock', { at: /append/, error: deadlock }],
      ['its deadlock with other checkpoints', { at: /event_checkpoints/, error: deadlock }],
      ['a serialization failure of its commit', { at: /COMMIT/, error: failed('40001') }],
      ['a connection lost before it had written', { at: /append/, error: lost }],
      ['a connection lost before its commit', { at: /COMMIT/, error: lost }],
    ])('is tried again after %s, and stored once', async (_, fault) => {
      const { outcome, stored, works, begun } = await appending([fault]);
      expect(outcome).toMatchObject({ status: 'appended', batches: [{ version: 1 }] });
      expect([stored, works.at(-1), begun.length]).toEqual([1, 1, 2]);
    });

    it('is settled where the connection is lost after its commit', async () => {
      const { outcome, appended, stored, works } = await appending([{ at: /COMMIT/, done: true, error: lost }]);
      expect(outcome).toMatchObject({ status: 'existing', events: [{ id: appended.events[0]!.id, version: 1 }] });
      expect([stored, works]).toEqual([1, [1]]);
    });

    it('is given up after so many tries, and in doubt only if it is', async () => {
      const thrice = (fault: Fault) => [fault, fault, fault];
      const inDoubt = await appending(thrice({ at: /COMMIT/, error: lost }));
      expect(inDoubt.outcome).toMatchObject({ code: 'APPEND_IN_DOUBT', cause: lost });
      const refused = await appending(thrice({ at: /append/, error: deadlock }));
      expect(refused.outcome).toMatchObject({ code: 'STORAGE_FAILED', cause: deadlock });
      expect([inDoubt.begun.length, refused.begun.length, refused.stored]).toEqual([3, 3, 0]);
    });

    it('is not tried again where the caller’s work fails, also not after a try that was in doubt', async () => {
      for (const faults of [[], [{ at: /COMMIT/, error: lost }]]) {
        const works = faults.length + 1;
        let times = 0;
        const work = () => ++times === works && Promise.reject(deadlock);
        const { outcome, stored } = await appending(faults, work);
        expect([outcome, times, stored]).toEqual([deadlock, works, 0]);
      }
    });

    it('is refused where the caller’s work hid that a statement of it had failed', async () => {
      const { outcome, works, stored } = await appending([], async (client) => {
        await (client as pg.ClientBase).query('select 1/0').catch(() => {});
      });
      expect([outcome, works, stored]).toMatchObject([{ code: 'STORAGE_FAILED' }, [1], 0]);
    });

    it('is tried once in a transaction of the caller’s', async () => {
      await new PostgreSQLEventAdapter(pool, { schema }).init();
      const { db, statements } = faulty([{ at: /append/, error: deadlock }]);
      const client = await db.connect();
      await client.query('begin');
      const inside = new PostgreSQLEventAdapter(db, { schema }).withTransaction(client);
      const failing = inside.append([batch('callers')], { checkpoints: () => [] });
      await expect(failing).rejects.toMatchObject({ code: 'STORAGE_FAILED', cause: deadlock });
      expect(statements.filter((text) => /append/.test(text))).toHaveLength(1);
      await client.query('rollback');
      client.release();
    });
  });

  it('is run by ddl() as well as by migrate()', async () => {
    const own = `${schema}_ddl`;
    const adapter = new PostgreSQLEventAdapter(pool, { schema: own });
    await pool.query(adapter.ddl());
    await adapter.migrate();
    expect((await adapter.append([batch('a')])).status).toBe('appended');
    await pool.query(`update "${own}".layout_versions set version = 99`);
    await expect(new PostgreSQLEventAdapter(pool, { schema: own }).init()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringMatching(/layout 99.*knows up to/),
    });
    await pool.query(`drop schema "${own}" cascade`);
  });

  it('takes over tables of the time before layouts had versions', async () => {
    const own = `${schema}_old`;
    await pool.query(`
      create schema "${own}";
      create sequence "${own}".events_position as bigint cache 1 no cycle;
      create table "${own}".events (position bigint primary key, stream text collate "C" not null,
        version bigint not null, id text collate "C" not null, type text not null, data text not null,
        encoding text not null, metadata text not null, timestamp bigint not null,
        constraint events_stream_version unique (stream, version), constraint events_id unique (id));
      create table "${own}".event_streams (stream text collate "C" primary key, version bigint not null);
      create table "${own}".event_checkpoints (name text collate "C" primary key, position bigint not null);
      insert into "${own}".events
        values (nextval('"${own}".events_position'), 'old', 1, 'id', 't', '1', 'json', '{}', 5);
      insert into "${own}".event_streams values ('old', 1);
      insert into "${own}".event_checkpoints values ('reader', 1)`);
    const adapter = new PostgreSQLEventAdapter(pool, { schema: own });
    await Promise.all([adapter.init(), new PostgreSQLEventAdapter(pool, { schema: own }).init()]);
    const old = { ...event({ id: 'id', timestamp: 5 }), stream: 'old', version: 1, position: 1 };
    expect(await adapter.readAll({ after: 0, limit: 9 })).toEqual([old]);
    expect(await adapter.saveCheckpoint('reader', { position: 2, state: '{}' }, { expectedRevision: 1 })).toBe(2);
    expect(await adapter.append([batch('old', 1)])).toMatchObject({ batches: [{ version: 2, position: 2 }] });
    expect(await adapter.append([batch('old', 2, [event({ tags: ['x'] })])])).toMatchObject({ status: 'appended' });
    expect(await adapter.readAll({ after: 0, limit: 9, query: [{ tags: ['x'] }] })).toHaveLength(1);
    await pool.query(`drop schema "${own}" cascade`);
  });

  it('brings a store from layout 3 to the newest one, and goes on where its streams are', async () => {
    const own = `${schema}_three`;
    const three = layoutStatements(`"${own}"`, 'events', eventDdl(`"${own}"`).slice(0, 3), 0);
    await pool.query([`create schema "${own}"`, ...three].join(';\n'));
    await pool.query(`
      create function "${own}".append_event_v1() returns int language sql return 1;
      insert into "${own}".events (position, version, timestamp, stream, id, type, encoding, metadata, data)
        values (nextval('"${own}".events_position'), 3, 5, 'truncated', 'id', 't', 'json', '{}', '1');
      insert into "${own}".event_streams
        values ('truncated', 3, 3, false), ('emptied', 7, 8, false), ('deleted', 2, 3, true)`);
    const adapter = new PostgreSQLEventAdapter(pool, { schema: own, appendsInFlight: 1 });
    await Promise.all([adapter.init(), new PostgreSQLEventAdapter(pool, { schema: own }).init()]);
    const append = (stream: string, expected: ExpectedVersion) => adapter.append([batch(stream, expected)]);
    expect(await append('truncated', 3)).toMatchObject({ batches: [{ version: 4 }] });
    expect(await append('emptied', 'stream_exists')).toMatchObject({ batches: [{ version: 8 }] });
    expect(await append('deleted', 'any')).toMatchObject({ status: 'deleted' });
    // In one group.
    const expected = {
      new: 'no_stream',
      truncated: 4,
      emptied: 'any',
      deleted: 2,
      other: 'stream_exists',
      second: 0,
    } as const;
    const outcomes = await Promise.all(Object.entries(expected).map(([stream, version]) => append(stream, version)));
    expect(outcomes).toMatchObject([
      { batches: [{ version: 1 }] },
      { batches: [{ version: 5 }] },
      { batches: [{ version: 9 }] },
      { status: 'deleted' },
      { status: 'conflict', actualVersion: 0 },
      { batches: [{ version: 1 }] },
    ]);
    // A process of before may still be at work.
    expect((await pool.query(`select "${own}".append_event_v1() as one`)).rows).toEqual([{ one: 1 }]);
    await pool.query(`drop schema "${own}" cascade`);
  });

  it('commits with the transaction of the caller, or not at all', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    await pool.query(`create table "${schema}".mine (n int primary key)`);
    const client = await pool.connect();
    for (const end of ['rollback', 'commit'] as const) {
      await client.query('begin');
      const inside = adapter.withTransaction(client);
      const appended = await inside.append([batch('outbox', 0, [event({ tags: ['a'] })]), batch('other outbox')]);
      expect(appended.status).toBe('appended');
      await client.query(`insert into "${schema}".mine values (1)`);
      expect(await inside.streamVersion('outbox')).toBe(1);
      expect(await adapter.streamVersion('outbox')).toBe(0);
      await inside.saveCheckpoint('mine', { position: 1, state: '{}' });
      await client.query(end);
    }
    client.release();
    expect(await adapter.streamVersion('outbox')).toBe(1);
    expect((await pool.query(`select n from "${schema}".mine`)).rows).toEqual([{ n: 1 }]);
    expect((await adapter.loadCheckpoint('mine'))?.position).toBe(1);
  });

  it('takes nothing of the caller’s transaction along when an id is stored already', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    const stored = batch('stored before');
    await adapter.append([stored]);
    const client = await pool.connect();
    await client.query('begin');
    const inside = adapter.withTransaction(client);
    expect((await inside.append([stored])).status).toBe('existing');
    expect((await inside.append([batch('stored before', 7)])).status).toBe('conflict');
    expect((await inside.append([batch('after that')])).status).toBe('appended');
    await client.query('commit');
    client.release();
    expect(await adapter.streamVersion('after that')).toBe(1);
  });

  it('gives each append of a group its own outcome, whatever the others are', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema, appendsInFlight: 1 });
    await adapter.init();
    const stored = batch('g stored');
    await adapter.append([stored]);
    await adapter.append([batch('g gone')]);
    await adapter.deleteStream('g gone', 'any');
    const same = event();
    const settled = await Promise.allSettled(
      [
        batch('g first'),
        stored,
        batch('g stale', 5),
        batch('g gone'),
        batch('g twice', 'any', [same]),
        batch('g twice', 'any', [same]),
        batch('g nul', 'any', [event({ data: '\0' })]),
        batch('g last', 'no_stream', [event(), event({ tags: ['x', 'a "b" \\ c'] })]),
        batch('g last', 2),
      ].map((each) => adapter.append([each])),
    );
    expect(settled.map((each) => (each.status === 'fulfilled' ? each.value.status : each.reason.code))).toEqual([
      'appended',
      'existing',
      'conflict',
      'deleted',
      'appended',
      'existing',
      'STORAGE_FAILED',
      'appended',
      'appended',
    ]);
    const [, last] = await adapter.readStream({ stream: 'g last', from: 1, to: 9, limit: 9, direction: 'forward' });
    expect(last!.tags).toEqual(['x', 'a "b" \\ c']);
  });

  it('reads names that contain the separator of columns, and times before 1970', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    const names = { id: '\u001fid', type: 't\u001f\u001f', tags: ['\u001f'], timestamp: -1 };
    for (const stream of ['se\u001fparated', '\u001f']) {
      const stored = event({ ...names, id: `${names.id}${stream}` });
      await adapter.append([batch(stream, 'no_stream', [stored, event()])]);
      const [first] = await adapter.readStream({ stream, from: 1, to: 9, limit: 9, direction: 'forward' });
      expect(first).toEqual({ ...stored, stream, version: 1, position: expect.any(Number) });
      await adapter.deleteStream(stream, 'any');
    }
  });

  it('reads payloads that contain what separates them', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    const payloads = ['\u001f', 'a\u001fb', '', '1\u001f'];
    const events = payloads.map((data) => event({ data, encoding: 'other' }));
    await adapter.append([batch('separated', 'no_stream', events)]);
    const read = await adapter.readStream({ stream: 'separated', from: 1, to: 9, limit: 9, direction: 'forward' });
    expect(read.map(({ data }) => data)).toEqual(payloads);
    await adapter.deleteStream('separated', 'any');
  });

  it('reads long pages of small and large payloads in order, in both directions', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    const count = 1_500;
    const events = Array.from({ length: count }, (_, n) =>
      event({ data: JSON.stringify(n % 100 === 7 ? `${n} ${'x'.repeat(70_000)}` : `${n}`) }),
    );
    await adapter.append([batch('mixed', 'no_stream', events)]);
    const page = { stream: 'mixed', from: 1, to: count, limit: count } as const;
    const forward = await adapter.readStream({ ...page, direction: 'forward' });
    expect(forward.map(({ id, data }) => [id, data])).toEqual(events.map(({ id, data }) => [id, data]));
    expect(forward.map(({ version }) => version)).toEqual(events.map((_, n) => n + 1));
    expect(await adapter.readStream({ ...page, direction: 'backward' })).toEqual(forward.toReversed());
    expect(await adapter.readAll({ after: forward[0]!.position - 1, limit: count })).toEqual(forward);
    await adapter.deleteStream('mixed', 'any');
  });

  it('reads large payloads, in both directions', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    const data = JSON.stringify('x'.repeat(15 * 1024 * 1024));
    for (let n = 0; n < 6; n++) await adapter.append([batch('large', n, [event({ data })])]);
    const page = { stream: 'large', from: 1, to: 9, limit: 5 };
    const versions = async (direction: 'forward' | 'backward') => {
      const events = await adapter.readStream({ ...page, direction });
      expect(events.every((stored) => stored.data.length === data.length)).toBe(true);
      return events.map(({ version }) => version);
    };
    expect(await versions('forward')).toEqual([1, 2, 3, 4, 5]);
    expect(await versions('backward')).toEqual([6, 5, 4, 3, 2]);
    await adapter.deleteStream('large', 'any');
  });

  it('reads of a long stream, and of a frequent tag, no more than the page, though the server knows no statistics', async () => {
    const own = uniqueName('unanalyzed');
    const client = new pg.Client({ connectionString: postgresDirectUrl });
    await client.connect();
    try {
      const adapter = new PostgreSQLEventAdapter(client, { schema: own });
      await adapter.init();
      await client.query(`
        alter table ${own}.events set (autovacuum_enabled = off);
        alter table ${own}.event_tags set (autovacuum_enabled = off);
        insert into ${own}.events (position, version, timestamp, stream, id, type, encoding, metadata, data, tags)
          select nextval('${own}.events_position'), n, 0, 'long', 'id' || n, 't', 'json', '{}', '1', '{tag}'
          from generate_series(1, 150000) n;
        insert into ${own}.event_tags select 'tag', position from ${own}.events`);
      // What this connection has read and not reported yet.
      const rowsRead = async (table: string) => {
        const { rows } = await client.query(
          `select coalesce(idx_tup_fetch, 0) + seq_tup_read as rows from pg_stat_xact_user_tables where relid = $1::regclass`,
          [`${own}.${table}`],
        );
        return Number(rows[0].rows);
      };
      const readOf = async (table: string, read: () => Promise<unknown>) => {
        await client.query('begin isolation level read committed');
        const before = await rowsRead(table);
        await read();
        const after = await rowsRead(table);
        await client.query('rollback');
        return after - before;
      };
      for (const direction of ['forward', 'backward'] as const) {
        const page = { stream: 'long', from: 2, to: 149_999, limit: 5, direction };
        expect(await readOf('events', () => adapter.readStream(page))).toBeLessThan(10);
      }
      const query = [{ tags: ['tag'] }];
      expect(await readOf('event_tags', () => adapter.readAll({ after: 0, limit: 5, query }))).toBeLessThan(10);
    } finally {
      await client.query(`drop schema ${own} cascade`);
      await client.end();
    }
  });

  it('finds no sequential scan in the way of an append, a page or a horizon', async () => {
    const adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
    await pool.query(`
      insert into "${schema}".events (position, version, timestamp, stream, id, type, encoding, metadata, data, tags)
        select nextval('"${schema}".events_position'), n, 0, 's' || n % 100, 'id' || n, 't', 'json', '{}', '1', '{}'
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
