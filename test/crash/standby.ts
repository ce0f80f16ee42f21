// The standby test: writers on a primary whose transactions stay open for a while and are often rolled back, and a reader
// on a hot standby that must see every event, ascending, also while the primary is killed and the standby promoted. Before
// that: what a standby refuses, and that a primary which writes down the last position instead of the horizon is caught.
// usage: npm run standby-events -- [seconds]   default 30
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { percentile } from '../../examples/migrate-zyflow/load/percentile.ts';
import { eventDdl } from '../../src/adapters/postgres/pg-event-ddl.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import type { EventBatch, StoredEvent } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { StandbyPair } from './standby-pair.ts';

const seconds = Number(process.argv[2] ?? 30);
const faults: string[] = [];
const pair = await StandbyPair.create();

const batch = (stream: string, id: string): EventBatch => {
  const event = { id, type: 't', data: '1', encoding: 'json', metadata: '{}', timestamp: 0, tags: [] };
  return { stream, expectedVersion: 'any', events: [event] };
};

async function expectRefusal(what: string, code: string, work: () => Promise<unknown>): Promise<void> {
  const error: unknown = await work().then(
    () => 'success',
    (reason: unknown) => reason,
  );
  if (!isMigrationError(error, code)) faults.push(`${what}: expected ${code}, got ${String(error)}`);
}

/** What a standby can't do it says; what it can, it does without a horizon. */
async function refusals(): Promise<void> {
  const schema = 'refusals';
  const onStandby = () => new PostgreSQLEventAdapter(pair.standby, { schema, publishHorizon: true });
  await expectRefusal('no tables', 'STORAGE_READ_ONLY', () => onStandby().init());
  const primary = new PostgreSQLEventAdapter(pair.primary, { schema });
  await primary.init();
  await pair.replayed();

  const store = new EventStore({ adapter: onStandby(), snapshotStrategy: new IntervalSnapshotStrategy(1) });
  const empty = await store.readAll().toArray();
  if (empty.length > 0) faults.push('events before there are any');
  await primary.append([batch('s', 'a')]);
  await pair.replayed();
  await expectRefusal('no horizon', 'HORIZON_UNKNOWN', () => store.readAll().toArray());
  await expectRefusal('append', 'STORAGE_READ_ONLY', () => store.append('s', [{ type: 't', data: 1 }]));
  for (const [name, group] of [['alone', undefined] as const, ['together', {}] as const]) {
    const subscription = store.subscribe({ name, group, onError: () => {}, handle: async () => {} });
    await expectRefusal('subscription', 'STORAGE_READ_ONLY', () => subscription.caughtUp());
  }
  const projection = store.project({ name: 'p', handle: () => {} }, { onError: () => {} });
  await expectRefusal('projection', 'STORAGE_READ_ONLY', () => projection.caughtUp());
  const fold = { name: 'count', initial: () => 0, evolve: (count: number) => count + 1 };
  if ((await store.aggregateStream('s', fold)).state !== 1) faults.push('a fold on the standby is wrong');
  await store.close();
}

/**
 * A reader on the standby comes by while an append is open behind which another one is committed and the horizon
 * published, and once more when all is done.
 */
async function missesOpenAppend(schema: string, published: 'the horizon' | 'the last position'): Promise<boolean> {
  const primary = new PostgreSQLEventAdapter(pair.primary, { schema });
  await primary.init();
  if (published === 'the last position') await pair.primary.query(publishingLastPosition(schema));
  const publish = () => pair.primary.query(`select "${schema}".publish_event_horizon_v1()`);
  const standby = new PostgreSQLEventAdapter(pair.standby, { schema });
  const seen: StoredEvent[] = [];
  const read = async () => {
    await pair.replayed();
    seen.push(...(await standby.readAll({ after: seen.at(-1)?.position ?? 0, limit: 100 })));
  };

  await primary.append([batch('s', 'earlier')]);
  const open = await pair.primary.connect();
  await open.query('begin');
  await primary.withTransaction(open).append([batch('open', 'open')]);
  await primary.append([batch('s', 'later')]);
  await publish();
  await read();
  const { position, lastPosition } = await standby.horizon();
  if (published === 'the horizon' && position >= lastPosition) faults.push('the lag of the standby is not told');
  await open.query('commit');
  open.release();
  await publish();
  await read();
  return seen.map(({ id }) => id).join() !== 'earlier,open,later';
}

function publishingLastPosition(schema: string): string {
  const publish = eventDdl(`"${schema}"`)
    .flatMap(({ statements }) => statements)
    .findLast((statement) => statement.includes('.publish_event_horizon_v1()'))!;
  const mutant = publish
    .replace('create function', 'create or replace function')
    .replace(/horizon := [^;]*;/, `horizon := pg_sequence_last_value('"${schema}".events_position'::regclass);`);
  if (mutant.includes('event_horizon_v1();')) throw new Error('the mutant is none');
  return mutant;
}

const committedAt = new Map<string, number>();
const seenAt = new Map<string, number>();
let rolledBack = 0;
const schema = 'standby';

/** Until the time is over or the server is gone. What was under way at that moment may be stored or not. */
async function write(pool: pg.Pool, name: string, end: number): Promise<void> {
  const adapter = new PostgreSQLEventAdapter(pool, { schema, maxAttempts: 1 });
  for (let n = 0; performance.now() < end; n++) {
    const id = `${name}/${n}`;
    const client = await pool.connect();
    try {
      await client.query('begin');
      await adapter.withTransaction(client).append([batch(name, id)]);
      await sleep(Math.random() * 40);
      const keep = Math.random() > 0.15;
      await client.query(keep ? 'commit' : 'rollback');
      if (keep) committedAt.set(id, performance.now());
      else rolledBack++;
      client.release();
    } catch (error) {
      client.release(true);
      if (failedOver) return;
      throw error;
    }
  }
}

/** Reads on from the last event until told, and what is there then. */
async function follow(isOver: () => boolean): Promise<void> {
  const adapter = new PostgreSQLEventAdapter(pair.standby, { schema });
  let last = 0;
  for (let over = false; !over; ) {
    over = isOver();
    for (let full = true; full; ) {
      const page = await adapter.readAll({ after: last, limit: 100 });
      for (const { id, position } of page) {
        if (position <= last) faults.push(`position ${position} came after ${last}`);
        last = position;
        if (seenAt.has(id)) faults.push(`${id} came twice`);
        seenAt.set(id, performance.now());
      }
      full = page.length === 100;
    }
    await sleep(5);
  }
}

const writers = 12;
let failedOver = false;

async function writersBesideAFailOver(): Promise<void> {
  // Two processes publish, of whose appends those of the writers are none; a third one is to be on the next primary.
  const publishingOn = (pool: pg.Pool) => new PostgreSQLEventAdapter(pool, { schema, publishHorizon: true });
  const publishers = [publishingOn(pair.primary), publishingOn(pair.primary)];
  for (const publisher of publishers) await publisher.init();
  await publishers[0]!.append([batch('first', 'first')]);
  committedAt.set('first', performance.now());
  const first = await new EventStore({ adapter: publishers[0]! }).checkpointOf(await publishers[0]!.lastPosition());
  await pair.replayed();
  const next = publishingOn(pair.standby);
  await next.init();
  await new EventStore({ adapter: next }).positionOf(first);

  let over = false;
  const following = follow(() => over);
  const half = performance.now() + (seconds * 1000) / 2;
  const each = async (work: (n: number) => Promise<void>) => {
    await Promise.all(Array.from({ length: writers }, (_, n) => work(n)));
  };
  const before = each((n) => write(pair.primary, `before ${n}`, Number.POSITIVE_INFINITY));
  // Awaited below, where the servers are ended whatever happened.
  for (const running of [following, before]) running.catch(() => {});
  for (let n = 0; performance.now() < half; n++) {
    await publishers[0]!.append([batch('published', `published/${n}`)]);
    committedAt.set(`published/${n}`, performance.now());
    await sleep(20);
  }
  const lags = [...seenAt].flatMap(([id, at]) => Math.max(0, at - (committedAt.get(id) ?? at))).sort((a, b) => a - b);
  const [p50, p99] = [percentile(lags, 50), percentile(lags, 99)];
  console.log(`${seenAt.size} events seen on the standby, lag p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`);

  failedOver = true;
  await Promise.all(publishers.map((publisher) => publisher.close()));
  await pair.failOver();
  await before;
  const takenOver = new EventStore({ adapter: next });
  await takenOver.positionOf(first);
  const lost = first.replace(/\d+$/, String((await next.lastPosition()) + 1));
  await expectRefusal('lost with the primary', 'CHECKPOINT_OF_ANOTHER_EPOCH', () => takenOver.positionOf(lost));
  await each((n) => write(pair.standby, `after ${n}`, performance.now() + (seconds * 1000) / 2));
  await next.append([batch('last', 'last')]);
  await next.close();
  over = true;
  await following;
  const { rows } = await pair.standby.query(`select position from ${schema}.event_horizon`);
  if (Number(rows[0].position) !== (await next.lastPosition())) faults.push('the next primary publishes nothing');
}

async function checkTheEnd(): Promise<void> {
  const { rows } = await pair.standby.query(`select id from ${schema}.events`);
  const stored = new Set(rows.map(({ id }) => id as string));
  const lost = [...committedAt.keys()].filter((id) => !stored.has(id));
  if (lost.length > 0) faults.push(`${lost.length} acknowledged events were lost, first ${lost[0]}`);
  const missed = [...stored].filter((id) => !seenAt.has(id));
  if (missed.length > 0) faults.push(`${missed.length} events were missed, first ${missed[0]}`);
  const invented = [...seenAt.keys()].filter((id) => !stored.has(id));
  if (invented.length > 0) faults.push(`${invented.length} events were seen that are not there`);
  console.log(
    `${stored.size} events stored on two primaries, ${rolledBack} rolled back, ${seenAt.size} seen on the standby`,
  );
}

try {
  await refusals();
  if (await missesOpenAppend('horizon', 'the horizon')) faults.push('an open append was missed');
  if (!(await missesOpenAppend('mutant', 'the last position'))) faults.push('the mutant was not caught');
  await writersBesideAFailOver();
  await checkTheEnd();
} finally {
  await pair.close();
}
for (const fault of faults.slice(0, 20)) console.log(`FAULT ${fault}`);
console.log(faults.length === 0 ? 'none missed, none twice, ascending' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
