// What was found to go wrong with copies and restores once, on each of the storages.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { compareEvents, copyEvents } from '../../src/events/copy-events.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { restoreEvents } from '../../src/events/restore-events.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { grow, linesOf } from '../invariants/arbitraries/store-changes.ts';
import { killedAtWrite, unlessKilled, withCalls } from '../invariants/models/killed-adapter.ts';
import { describeWithPostgres, postgresUrl, uniqueName } from '../servers.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';

const event = { type: 't', data: null };
const lastIds = async (adapter: EventAdapter, after: number) =>
  (await adapter.readAll({ after, limit: 9 })).map(({ id }) => id);

function copyAndRestoreOn(begin: () => Promise<EventAdapter>): void {
  const initialized = async () => {
    const adapter = await begin();
    await adapter.init();
    return adapter;
  };
  /** A store with events 1 to `count`, and one that was set back to a backup of it. */
  const setBackAt = async (count: number) => {
    const source = await initialized();
    await grow(source, count);
    const setBack = await initialized();
    await restoreEvents(setBack, await linesOf(source));
    return { source, setBack };
  };

  it('a copy is refused once its source was set back behind it, and is no mixture', async () => {
    const { source, setBack } = await setBackAt(3);
    const target = await initialized();
    await grow(source, 2);
    await copyEvents(source, target);
    await grow(setBack, 4);
    const before = await lastIds(target, 0);
    const refused = copyEvents(setBack, target);
    await expect(refused).rejects.toMatchObject({ code: 'CHECKPOINT_OF_ANOTHER_EPOCH', position: 5, sharedUpTo: 3 });
    await expect(refused).rejects.toThrow(/begin the copy anew in an empty store/);
    expect(await lastIds(target, 0)).toEqual(before);
  });

  it('a copy goes on in the next life of a source that was set back to where it is or behind that', async () => {
    const { source, setBack } = await setBackAt(3);
    const target = await initialized();
    await copyEvents(source, target);
    await grow(setBack, 2);
    expect(await copyEvents(setBack, target)).toBe(2);
    expect(await compareEvents(setBack, target)).toBeUndefined();
    await grow(source, 1);
    await expect(copyEvents(source, target)).rejects.toMatchObject({ code: 'CHECKPOINT_OF_ANOTHER_EPOCH' });
  });

  it('a copy that follows is refused when its source is set back between two rounds', async () => {
    const { source, setBack } = await setBackAt(3);
    const target = await initialized();
    await grow(source, 2);
    let now = source;
    const clock = new FakeClock();
    const rounds = new AbortController();
    const following = copyEvents(
      withCalls(
        () => now,
        (call) => call(),
      ),
      target,
      { follow: true, clock, signal: rounds.signal },
    );
    const ended = following.catch((error: unknown) => error);
    await expect.poll(() => clock.pending).toBe(1);
    await grow(setBack, 4);
    now = setBack;
    await clock.advance(200);
    expect(await ended).toMatchObject({ code: 'CHECKPOINT_OF_ANOTHER_EPOCH' });
    expect(await compareEvents(source, target)).toBeUndefined();
  });

  it('a copy that follows is refused when somebody else writes to it between two rounds', async () => {
    const source = await initialized();
    await grow(source, 3);
    const target = await initialized();
    const clock = new FakeClock();
    const ended = copyEvents(source, target, { follow: true, clock }).catch((error: unknown) => error);
    await expect.poll(() => clock.pending).toBe(1);
    await new EventStore({ adapter: target }).append('own', [event]);
    // Behind the one that was appended, so that it would fit.
    await grow(source, 2);
    await source.truncateStream('d', 5);
    const before = await lastIds(target, 0);
    await clock.advance(200);
    expect(await ended).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'target' });
    expect(await lastIds(target, 0)).toEqual(before);
  });

  it('a page that was read before the source was set back is not taken for one of its next life', async () => {
    const { source, setBack } = await setBackAt(3);
    const target = await initialized();
    await copyEvents(source, target);
    await grow(source, 2);
    await grow(setBack, 1);
    let now = source;
    const switched = withCalls(
      () => now,
      async (call, name) => {
        const result = await call();
        if (name === 'readAll') now = setBack;
        return result;
      },
    );
    expect(await copyEvents(switched, target)).toBe(1);
    expect(await compareEvents(setBack, target)).toBeUndefined();
  });

  it('what was removed in a source before it was set back is not removed in its copy', async () => {
    const { source, setBack } = await setBackAt(3);
    const target = await initialized();
    await copyEvents(source, target);
    await source.truncateStream('d', 3);
    let now = source;
    const switched = withCalls(
      () => now,
      async (call, name) => {
        const result = await call();
        if (name === 'listStreams') now = setBack;
        return result;
      },
    );
    await copyEvents(switched, target);
    expect(await compareEvents(setBack, target)).toBeUndefined();
  });

  it('a copy is refused if what was removed in its source, and in it, is there again', async () => {
    const { source, setBack } = await setBackAt(3);
    const target = await initialized();
    await source.truncateStream('d', 3);
    await copyEvents(source, target);
    await expect(copyEvents(setBack, target)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'target' });
  });

  it('a store with events of its own is taken for no copy, and left as it is', async () => {
    const source = await initialized();
    await grow(source, 5);
    const target = await initialized();
    await grow(target, 2);
    const before = await lastIds(target, 0);
    await expect(copyEvents(source, target)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'target' });
    expect(await lastIds(target, 0)).toEqual(before);
    expect(await target.listCheckpoints('')).toEqual([]);
  });

  it('a copy that was written to since is copied to no more, and its life begins where it did', async () => {
    const source = await initialized();
    await grow(source, 3);
    const target = await initialized();
    await copyEvents(source, target);
    const store = new EventStore({ adapter: target });
    await store.append('own', [event]);
    const own = await store.checkpointOf(4);
    const shared = await new EventStore({ adapter: source }).checkpointOf(3);
    await grow(source, 2);
    const late = await new EventStore({ adapter: source }).checkpointOf(4);
    const before = await target.listCheckpoints('');
    await expect(copyEvents(source, target)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'target' });
    expect(await target.listCheckpoints('')).toEqual(before);
    expect(await store.positionOf(own)).toBe(4);
    expect(await store.positionOf(shared)).toBe(3);
    await expect(store.positionOf(late)).rejects.toMatchObject({ sharedUpTo: 3 });
  });

  it('a copy that was killed before its progress was written down knows its page again, but not another one', async () => {
    for (const isWrittenTo of [false, true]) {
      const source = await initialized();
      await grow(source, 3);
      const target = await initialized();
      await copyEvents(source, target);
      await grow(source, 2);
      const imported = withCalls(
        () => target,
        async (call, name) => {
          const result = await call();
          if (name === 'importEvents') throw new Error('killed');
          return result;
        },
      );
      expect(await unlessKilled(copyEvents(source, imported))).toBe(false);
      expect(await target.lastPosition()).toBe(5);
      // One of the two that were imported is removed before the copy goes on.
      await source.truncateStream('d', 5);
      if (isWrittenTo) {
        await new EventStore({ adapter: target }).append('own', [event]);
        await expect(copyEvents(source, target)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      } else {
        // Once it is removed in the copy, too, the page is not what was imported: it must not be asked for again.
        for (let n = 0; n < 2; n++) expect(await copyEvents(source, target)).toBe(0);
        expect(await compareEvents(source, target)).toBeUndefined();
      }
    }
  });

  it('a copy goes on from a page of which events were removed as soon as it was imported', async () => {
    const source = await initialized();
    await grow(source, 3);
    const target = await initialized();
    const truncatedMeanwhile = withCalls(
      () => target,
      async (call, name) => {
        const result = await call();
        if (name === 'importEvents') await source.truncateStream('d', 3);
        return result;
      },
    );
    expect(await copyEvents(source, truncatedMeanwhile)).toBe(3);
    expect(await copyEvents(source, target)).toBe(0);
    expect(await compareEvents(source, target)).toBeUndefined();
  });

  it('a copy is refused if it has a tombstone of a stream that its source has', async () => {
    const { source, setBack } = await setBackAt(0);
    const target = await initialized();
    await source.deleteStream('d', 'any');
    await copyEvents(source, target);
    await grow(setBack, 1);
    await expect(copyEvents(setBack, target)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'target' });
  });

  it('a restore goes on behind streams that were truncated while the backup was made', async () => {
    const source = await initialized();
    await grow(source, 4);
    let written = 0;
    // The header and four events.
    const lines = await linesOf(source, async () => {
      if (++written === 5) await source.truncateStream('d', 5);
    });
    const undisturbed = await initialized();
    await restoreEvents(undisturbed, lines);
    for (let nth = 1, isThrough = false; !isThrough; nth++) {
      const target = await initialized();
      isThrough = await unlessKilled(restoreEvents(killedAtWrite(target, nth, 'before'), lines));
      if (!isThrough) await restoreEvents(target, lines);
      expect(await compareEvents(undisturbed, target)).toBeUndefined();
    }
  });

  it('a backup can be restored of which a stream was truncated behind what was in it already', async () => {
    const source = await initialized();
    await grow(source, 600);
    let written = 0;
    const lines = await linesOf(source, async () => {
      if (++written === 2) await source.truncateStream('d', 550);
    });
    const target = await initialized();
    await restoreEvents(target, lines);
    expect(await compareEvents(source, target)).toBeUndefined();
  });

  it('a backup can be restored whose events of a stream have a gap, however many were read at a time', async () => {
    const source = await initialized();
    await grow(source, 4);
    const twoAtATime = withCalls(
      () => source,
      async (call, name) => (name === 'readAll' ? ((await call()) as unknown[]).slice(0, 2) : call()),
    );
    let written = 0;
    const lines = await linesOf(twoAtATime, async () => {
      if (++written === 2) await source.truncateStream('d', 4);
    });
    expect(lines.filter((line) => line.startsWith('{"event"'))).toHaveLength(3);
    const target = await initialized();
    await restoreEvents(target, lines);
    expect(await compareEvents(source, target)).toBeUndefined();
  });

  it('a restore does not go on in a store that somebody else has written to', async () => {
    const source = await initialized();
    await grow(source, 3);
    const lines = await linesOf(source);
    const target = await initialized();
    expect(await unlessKilled(restoreEvents(killedAtWrite(target, 1, 'after'), lines))).toBe(false);
    await new EventStore({ adapter: target }).append('own', [event]);
    const before = await lastIds(target, 0);
    await expect(restoreEvents(target, lines)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'adapter' });
    expect(await lastIds(target, 0)).toEqual(before);
  });
}

describe('copy and restore in memory', () => {
  copyAndRestoreOn(async () => new MemoryEventAdapter());

  it('a copy whose storage was set back itself begins a life of its own anew', async () => {
    const source = new MemoryEventAdapter();
    await grow(source, 2);
    let life = 'one';
    const target = Object.assign(new MemoryEventAdapter(), { life: async () => life });
    await copyEvents(source, target);
    const own = await new EventStore({ adapter: target }).checkpointOf(2);
    await copyEvents(source, target);
    expect(await new EventStore({ adapter: target }).positionOf(own)).toBe(2);
    life = 'two';
    await copyEvents(source, target);
    await expect(new EventStore({ adapter: target }).positionOf(own)).rejects.toMatchObject({ sharedUpTo: 0 });
  });
});

describe('copy and restore on SQLite', () => {
  const open: TestDatabase[] = [];
  afterEach(() => {
    for (const db of open.splice(0)) db.close();
  });
  copyAndRestoreOn(async () => {
    const db = openSqlite(':memory:');
    open.push(db);
    return new SqliteEventAdapter(db);
  });
});

describeWithPostgres('copy and restore on PostgreSQL', () => {
  const schemas: string[] = [];
  let pool: pg.Pool;
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: postgresUrl, max: 4 });
  });
  afterEach(async () => {
    for (const schema of schemas.splice(0)) await pool.query(`drop schema if exists ${schema} cascade`);
  });
  afterAll(() => pool.end());
  copyAndRestoreOn(async () => {
    const schema = uniqueName('copies');
    schemas.push(schema);
    return new PostgreSQLEventAdapter(pool, { schema });
  });
});
