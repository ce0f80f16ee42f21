// ES5 on a real server, with appends held open on purpose: what a reader has passed is never filled in behind it.
import { randomUUID } from 'node:crypto';
import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventDdl } from '../../src/adapters/postgres/pg-event-ddl.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import type { EventAdapter, EventBatch, StoredEvent } from '../../src/events/event-adapter.ts';
import { EventCodec } from '../../src/events/event-codec.ts';
import { readTail } from '../../src/events/event-tail.ts';
import { runs } from '../invariants/runs.ts';
import { describeWithPostgres, postgresDirectUrl, postgresUrl, uniqueName } from '../servers.ts';

function batch(stream: string, count = 1): EventBatch {
  const event = () => ({
    id: randomUUID(),
    type: 't',
    data: '1',
    encoding: 'json',
    metadata: '{}',
    timestamp: 0,
    tags: [],
  });
  return { stream, expectedVersion: 'any', events: Array.from({ length: count }, event) };
}

describeWithPostgres('ES5 the horizon of appenders on PostgreSQL', () => {
  const schema = uniqueName('events_order');
  let pool: pg.Pool;
  let adapter: EventAdapter;

  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 12 });
    adapter = new PostgreSQLEventAdapter(pool, { schema });
    await adapter.init();
  });
  afterAll(async () => {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  });

  /** An append whose transaction stays open until told. */
  async function heldAppend(stream: string, count = 1) {
    const client = await pool.connect();
    await client.query('begin');
    await new PostgreSQLEventAdapter(client, { schema }).append([batch(stream, count)]);
    return async (end: 'commit' | 'rollback') => {
      await client.query(end);
      client.release();
    };
  }
  const streamsAfter = async (after: number) =>
    (await adapter.readAll({ after, limit: 1000 })).map(({ stream }) => stream);

  it.each(['commit', 'rollback'] as const)('gives nothing behind an open append, and all after its %s', async (end) => {
    const after = await adapter.lastPosition();
    const finish = await heldAppend('held');
    await adapter.append([batch('later')]);
    expect(await streamsAfter(after)).toEqual([]);
    expect(await adapter.lastPosition()).toBeGreaterThan(after);
    await finish(end);
    expect(await streamsAfter(after)).toEqual(end === 'commit' ? ['held', 'later'] : ['later']);
  });

  it('goes on up to the oldest open append, whichever ends first', async () => {
    const after = await adapter.lastPosition();
    await adapter.append([batch('a')]);
    const finishB = await heldAppend('b', 2);
    await adapter.append([batch('c')]);
    const finishD = await heldAppend('d');
    await adapter.append([batch('e')]);
    expect(await streamsAfter(after)).toEqual(['a']);
    await finishD('commit');
    expect(await streamsAfter(after)).toEqual(['a']);
    await finishB('rollback');
    expect(await streamsAfter(after)).toEqual(['a', 'c', 'd', 'e']);
  });

  it('is not held back by transactions that append nothing, nor by appends to another store', async () => {
    const other = `${schema}_other`;
    await new PostgreSQLEventAdapter(pool, { schema: other }).init();
    const unrelated = await pool.connect();
    await unrelated.query('begin isolation level repeatable read');
    await unrelated.query(`create table ${schema}.unrelated (n int)`);
    const elsewhere = await pool.connect();
    await elsewhere.query('begin');
    await new PostgreSQLEventAdapter(elsewhere, { schema: other }).append([batch('elsewhere')]);

    const after = await adapter.lastPosition();
    await adapter.append([batch('here')]);
    expect(await streamsAfter(after)).toEqual(['here']);

    for (const client of [unrelated, elsewhere]) {
      await client.query('rollback');
      client.release();
    }
    await pool.query(`drop schema ${other} cascade`);
  });

  it('holds where a lock has only the lower 31 bits of its floor', async () => {
    const lastValue = async () =>
      Number((await pool.query(`select last_value as n from ${schema}.events_position`)).rows[0].n);
    for (const boundary of [2 ** 31, 2 ** 32, 3 * 2 ** 31]) {
      for (const before of [-4, -3, -2, -1, 0, 1]) {
        const value = boundary + before;
        if ((await lastValue()) < value) await pool.query(`select setval('${schema}.events_position', ${value})`);
        const after = await adapter.lastPosition();
        await adapter.append([batch('before')]);
        const finish = await heldAppend('held', 2);
        await adapter.append([batch('later', 2)]);
        expect(await streamsAfter(after), `at ${boundary} ${before}`).toEqual(['before']);
        await finish('commit');
        expect(await streamsAfter(after)).toEqual(['before', 'held', 'held', 'later', 'later']);
      }
    }
  });

  it.each(['repeatable read', 'serializable'])('refuses to read and to write in %s', async (level) => {
    const client = new pg.Client({ connectionString: postgresDirectUrl });
    await client.connect();
    const refused = { code: 'STORAGE_FAILED', message: /READ COMMITTED/ };
    const all = { after: 0, limit: 1 };
    for (const inside of [false, true]) {
      await client.query(inside ? 'begin' : `set default_transaction_isolation to '${level}'`);
      const reading = inside ? adapter.withTransaction!(client) : new PostgreSQLEventAdapter(client, { schema });
      await expect(reading.readAll(all)).rejects.toMatchObject(refused);
      if (inside) await client.query('rollback');
    }
    const snapshot = new PostgreSQLEventAdapter(client, { schema });
    const condition = { failIfEventsMatch: [{ types: ['t'] }], after: 0 };
    const after = await adapter.lastPosition();
    for (const writing of [
      () => snapshot.append([batch('one')]),
      () => snapshot.append([batch('one', 2)]),
      () => snapshot.append([batch('one')], { condition }),
      () => snapshot.append([batch('one')], { within: () => {} }),
      () => snapshot.deleteStream('one', 'any'),
      () => snapshot.truncateStream('one', 1),
      () => snapshot.importEvents([{ ...batch('one').events[0]!, stream: 'one', version: 1, position: 2 ** 40 }]),
      () => snapshot.importStreams([{ stream: 'one', version: 1, firstVersion: 1, deleted: false }]),
    ]) {
      await expect(writing()).rejects.toMatchObject(refused);
    }
    expect(await adapter.lastPosition()).toBe(after);
    await client.end();
  });

  it('does not lead a reader of some events past an open append among them', async () => {
    const codec = new EventCodec({});
    const source = { adapter: async () => adapter, decode: (events: readonly StoredEvent[]) => codec.decode(events) };
    const some = [{ types: ['t'], tags: ['some'] }];
    const tagged = (stream: string): EventBatch => {
      const plain = batch(stream);
      return { ...plain, events: plain.events.map((event) => ({ ...event, tags: ['some'] })) };
    };
    const after = await adapter.lastPosition();
    const client = await pool.connect();
    await client.query('begin');
    await adapter.withTransaction!(client).append([tagged('open')]);
    await adapter.append([batch('other')]);
    const before = await readTail(source, after, 10, some);
    expect(before).toMatchObject({ events: [], upTo: after });
    await client.query('commit');
    client.release();
    const then = await readTail(source, before.upTo, 10, some);
    expect(then).toMatchObject({ events: [{ stream: 'open' }], upTo: after + 2 });
  });

  it('ES5 a tail reader beside writers that hold, commit and roll back at random misses none, ascending', async () => {
    const unrelated = await pool.connect();
    await unrelated.query('begin');
    await unrelated.query('select pg_current_xact_id()');
    const after = await adapter.lastPosition();
    const committed: string[] = [];
    const writer = async (number: number) => {
      for (let n = 0; n < 12; n++) {
        const client = await pool.connect();
        await client.query('begin');
        const appended = batch(`writer ${number}`, 1 + (n % 3));
        await new PostgreSQLEventAdapter(client, { schema }).append([appended]);
        await client.query('select pg_sleep($1)', [Math.random() * 0.02]);
        const keep = Math.random() > 0.2;
        await client.query(keep ? 'commit' : 'rollback');
        if (keep) committed.push(...appended.events.map(({ id }) => id));
        client.release();
      }
    };
    const writing = Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
    let done = false;
    const finished = writing.finally(() => {
      done = true;
    });

    const seen: { id: string; position: number }[] = [];
    for (let last = false; ; last = done) {
      const page = await adapter.readAll({ after: seen.at(-1)?.position ?? after, limit: 10 });
      seen.push(...page.map(({ id, position }) => ({ id, position })));
      if (last && page.length < 10) break;
    }
    await finished;
    await unrelated.query('rollback');
    unrelated.release();
    const positions = seen.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(seen.map(({ id }) => id).toSorted()).toEqual(committed.toSorted());
  });
});

describeWithPostgres('the steps of the horizon', () => {
  // The reader stops at a gate between its first two steps; meanwhile one append stays open and a later one commits.
  async function readsBehindOpenAppend(order: 'as it is' | 'swapped'): Promise<boolean> {
    const schema = uniqueName('events_steps');
    const pool = new pg.Pool({ connectionString: postgresDirectUrl, max: 5 });
    const gate = 4711;
    try {
      const adapter = new PostgreSQLEventAdapter(pool, { schema });
      await adapter.init();
      await adapter.append([batch('earlier')]);
      await pool.query(gated(schema, order, gate));
      const holder = await pool.connect();
      await holder.query('select pg_advisory_lock($1)', [gate]);
      const reading = pool.query(`select * from "${schema}".read_events_v1(0, 100, null)`);
      await waitingForGate(pool, gate);

      const open = await pool.connect();
      await open.query('begin');
      await new PostgreSQLEventAdapter(open, { schema }).append([batch('open')]);
      await new PostgreSQLEventAdapter(pool, { schema }).append([batch('later')]);
      await holder.query('select pg_advisory_unlock($1)', [gate]);
      const { rows } = await reading;
      await open.query('commit');
      for (const client of [holder, open]) client.release();
      return rows.some(({ stream }) => stream === 'later');
    } finally {
      await pool.query(`drop schema "${schema}" cascade`);
      await pool.end();
    }
  }

  it('in their order give nothing behind an open append; swapped they would', async () => {
    expect(await readsBehindOpenAppend('as it is')).toBe(false);
    expect(await readsBehindOpenAppend('swapped')).toBe(true);
  });
});

/** The horizon with a gate between step 1 (the last value) and step 2 (the locks), or with these two swapped. */
function gated(schema: string, order: 'as it is' | 'swapped', gate: number): string {
  const ddl = eventDdl(`"${schema}"`)
    .flatMap(({ statements }) => statements)
    .findLast((statement) => statement.includes(`function "${schema}".event_horizon_v1()`))!;
  const lastValue = /horizon := coalesce\(pg_sequence_last_value\([^;]*;/.exec(ddl)![0];
  const locks = /select least\([^;]*;/.exec(ddl)![0];
  const wait = `perform pg_advisory_lock(${gate}); perform pg_advisory_unlock(${gate});`;
  const body = ddl.replace(lastValue, '').replace(locks, 'STEPS');
  const swapped = `horizon := 9007199254740991; ${locks} ${wait} horizon := least(horizon, (${lastValue.slice('horizon := '.length, -1)}));`;
  return body.replace('STEPS', () => (order === 'swapped' ? swapped : `${lastValue} ${wait} ${locks}`));
}

async function waitingForGate(pool: pg.Pool, gate: number): Promise<void> {
  const waiting = 'select 1 from pg_locks where locktype = $1 and objid = $2 and not granted';
  while ((await pool.query(waiting, ['advisory', gate])).rows.length === 0);
}

describe('ES5 on PGlite', () => {
  let db: PGlite;
  let adapter: EventAdapter;
  beforeAll(async () => {
    db = await PGlite.create();
    adapter = new PostgreSQLEventAdapter(db);
    await adapter.init();
  });
  afterAll(() => db.close());

  it('ES5 appends in transactions that end one way or the other leave an order without holes behind the reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.boolean()), { maxLength: 8 }),
        async (plan) => {
          const after = await adapter.lastPosition();
          const committed: string[] = [];
          const seen: string[] = [];
          let position = after;
          let reading = Promise.resolve();
          const read = async () => {
            for (const event of await adapter.readAll({ after: position, limit: 100 })) {
              expect(event.position).toBeGreaterThan(position);
              position = event.position;
              seen.push(event.id);
            }
          };
          const work = plan.map(async ([count, keep]) => {
            const appended = batch('stream', count);
            const attempt = db.transaction(async (transaction) => {
              await new PostgreSQLEventAdapter(transaction).append([appended]);
              if (!keep) throw new Error('rolled back');
            });
            await (keep ? attempt : expect(attempt).rejects.toThrow('rolled back'));
            if (keep) committed.push(...appended.events.map(({ id }) => id));
            reading = reading.then(read);
          });
          await Promise.all(work);
          await reading;
          await read();
          expect(seen.toSorted()).toEqual(committed.toSorted());
        },
      ),
      runs(20),
    );
  });
});
