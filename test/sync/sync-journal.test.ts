// The journal of a sync on each storage it may live on: what a process that ended leaves in it is made good by the next.
import { describe, expect, it } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { SqliteVersionStore } from '../../src/adapters/sqlite/sqlite-version-store.ts';
import { Conflict } from '../../src/conflicts/conflict.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { RecoveryManager } from '../../src/resilience/recovery-manager.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { VersionStore } from '../../src/state/version-store.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import type { SyncEntry, SyncJournal } from '../../src/sync/sync-journal.ts';
import { describeWithPostgres } from '../servers.ts';
import { sharedFile, sharedSchema } from '../shared-storages.ts';
import { Crashes } from './crashing-systems.ts';
import { FaultyReplica } from './faulty-replica.ts';

const once = new RecoveryManager({ maxAttempts: 1 });
const base = { title: 'a', note: 'a', owner: 'a' };

/** A controller of its own over the storage, as each process has one, that ends where it is told to. */
function journalOver(store: VersionStore, crashes = new Crashes()): SyncJournal {
  const mvcc = new MVCCController({ store, retention: { versions: 1 } });
  return {
    readVersion: (id) => crashes.around(() => mvcc.readVersion(id)),
    writeVersion: (id: string, entry: JsonValue, expected: number) =>
      crashes.around(() => mvcc.writeVersion(id, entry, expected)),
  };
}

let records = 0;

function suite(open: () => VersionStore): void {
  /** A record that both sides have edited since they were in step. */
  async function edited() {
    const id = `record-${++records}`;
    const [spec, runtime] = [new FaultyReplica(), new FaultyReplica()];
    const sync = async (crashes = new Crashes(), signal?: AbortSignal) => {
      spec.crashes = crashes;
      runtime.crashes = crashes;
      const journal = journalOver(open(), crashes);
      await using coordinator = new SyncCoordinator({ spec, runtime, journal, recoveryManager: once });
      return await coordinator.sync(id, { signal });
    };
    spec.inner.set(id, base);
    await sync();
    spec.inner.set(id, { ...base, title: 'b', owner: 'b' });
    runtime.inner.set(id, { ...base, note: 'c', owner: 'c' });
    const entry = async () => {
      const read = (await journalOver(open()).readVersion(`sync:${id}`))?.state as unknown as SyncEntry;
      // As if all were of one record.
      const conflicts = read.conflicts.map((conflict) => Conflict.fromJSON(conflict).about('a record').toJSON());
      return { ...read, conflicts };
    };
    return { id, spec, runtime, sync, entry };
  }

  it('SY2 a crash before or after any call, and a sync by another process, come to what no crash comes to', async () => {
    const calm = await edited();
    let calls = 0;
    const counting = new Crashes();
    counting.onCall = () => void calls++;
    const { conflicts } = await calm.sync(counting);
    expect([calls, conflicts.map(({ path }) => path)]).toEqual([8, ['/owner']]);
    for (let at = 0; at < calls; at++) {
      for (const phase of ['before', 'after'] as const) {
        const crashed = await edited();
        await expect(crashed.sync(new Crashes(at, phase))).rejects.toThrow(/crash/);
        // And once more, where the next process has begun to make it good.
        await crashed.sync(new Crashes(at, phase)).catch(() => undefined);
        await crashed.sync();
        for (const side of ['spec', 'runtime'] as const) {
          expect(crashed[side].inner.get(crashed.id), `${phase} ${at}`).toEqual(calm[side].inner.get(calm.id));
        }
        expect(await crashed.entry(), `${phase} ${at}`).toEqual(await calm.entry());
      }
    }
  });

  it('SY2 a sync that its caller aborts at any call is made good by the next', async () => {
    const calm = await edited();
    await calm.sync();
    for (let at = 0; at < 7; at++) {
      const aborted = await edited();
      const controller = new AbortController();
      const crashes = new Crashes();
      crashes.onCall = (call) => {
        if (call === at) controller.abort(new Error('enough'));
      };
      await expect(aborted.sync(crashes, controller.signal)).rejects.toThrow('enough');
      await aborted.sync();
      for (const side of ['spec', 'runtime'] as const) {
        expect(aborted[side].inner.get(aborted.id), `at ${at}`).toEqual(calm[side].inner.get(calm.id));
      }
      expect(await aborted.entry(), `at ${at}`).toEqual(await calm.entry());
    }
  });

  it('SY3 an edit made after the crash is kept, wherever the crash was', async () => {
    for (let at = 0; at < 7; at++) {
      const { id, spec, runtime, sync, entry } = await edited();
      await expect(sync(new Crashes(at, 'after'))).rejects.toThrow(/crash/);
      spec.inner.set(id, { ...(spec.inner.get(id) as object), added: 'd' });
      await sync();
      expect(spec.inner.get(id)).toEqual(runtime.inner.get(id));
      const held = JSON.stringify([spec.inner.get(id), await entry()]);
      for (const value of ['"title":"b"', '"note":"c"', '"added":"d"']) expect(held, `after ${at}`).toContain(value);
    }
  });

  it('refuses an entry that another process has written since, and keeps that one', async () => {
    const id = `sync:record-${++records}`;
    const [one, two] = [journalOver(open()), journalOver(open())];
    expect(await one.readVersion(id)).toBeNull();
    const { version } = await two.writeVersion(id, { base: { state: 'two' } }, 0);
    await expect(one.writeVersion(id, { base: {} }, 0)).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
    expect(await one.readVersion(id)).toMatchObject({ state: { base: { state: 'two' } }, version });
    await one.writeVersion(id, { base: { state: 'one' } }, version);
    await expect(two.writeVersion(id, { base: {} }, version)).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT' });
    expect(await two.readVersion(id)).toMatchObject({ state: { base: { state: 'one' } } });
  });

  it('says so where something else wrote the entry', async () => {
    const { id, sync } = await edited();
    const journal = journalOver(open());
    await journal.writeVersion(`sync:${id}`, 'mine', (await journal.readVersion(`sync:${id}`))!.version);
    await expect(sync()).rejects.toMatchObject({ cause: { code: 'STORAGE_FAILED' } });
  });

  it('does not grow with the number of syncs where one version is kept', async () => {
    const { id, spec, sync } = await edited();
    for (let n = 0; n < 20; n++) {
      spec.inner.set(id, { ...base, title: `t${n}` });
      await sync();
    }
    const versions: number[] = [];
    for await (const { version } of new MVCCController({ store: open() }).history(`sync:${id}`)) versions.push(version);
    // One more may stay until the next write.
    expect(versions.length).toBeLessThanOrEqual(2);
    expect(versions.at(-1)).toBeGreaterThan(40);
  });
}

describe('a journal in memory', () => {
  const store = new MemoryVersionStore();
  suite(() => store);
});

describe('a journal in an SQLite file', () => {
  const { db } = sharedFile('journal');
  suite(() => new SqliteVersionStore(db()));
});

describeWithPostgres('a journal in PostgreSQL', () => {
  const { schema, pool } = sharedSchema('journal', 4);
  suite(() => new PostgreSQLVersionStore(pool(), { schema }));
});
