import assert from 'node:assert/strict';
import type { StoredSnapshot } from '../../events/event-adapter.ts';
import { type DefineCase, streamOf } from './case.ts';
import { difficultNames } from './difficult-names.ts';

export function snapshotCases(define: DefineCase): void {
  define('ES8 a snapshot comes back as it was saved; there is none before', async (context) => {
    const { adapter, other } = context;
    const saved = snapshot({
      stream: context.name('stream'),
      data: '{"sum":"\\u0000 한"}',
      encoding: 'gzip',
      version: 7,
    });
    assert.equal(await adapter.loadSnapshot(saved.stream, saved.name), undefined);
    await adapter.saveSnapshot(saved);
    assert.deepEqual({ ...(await other.loadSnapshot(saved.stream, saved.name)) }, saved);
  });

  define('ES8 the last snapshot saved replaces the one before, whatever their versions', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    for (const [version, schemaVersion] of [
      [5, 1],
      [9, 2],
      [3, 1],
    ] as const) {
      const saved = snapshot({ stream, version, schemaVersion, eventId: `event ${version}`, data: `${version}` });
      await other.saveSnapshot(saved);
      assert.deepEqual({ ...(await adapter.loadSnapshot(stream, saved.name)) }, saved);
    }
  });

  define('ES8 snapshots of other streams and other names are left alone', async (context) => {
    const { adapter } = context;
    const all = ['a', 'b'].flatMap((what) =>
      difficultNames.map((name) => snapshot({ stream: context.name(what), name, data: JSON.stringify(what + name) })),
    );
    for (const saved of all) await adapter.saveSnapshot(saved);
    for (const saved of all) assert.deepEqual({ ...(await adapter.loadSnapshot(saved.stream, saved.name)) }, saved);
  });

  for (const data of ['null', '"\\u0000"', '"it\'s \\"quoted\\""', '{"__proto__":1}', `"${'가'.repeat(400_000)}"`]) {
    define(`ES8 the data of a snapshot comes back as it was given: ${data.slice(0, 20)}`, async (context) => {
      const { adapter, other } = context;
      const saved = snapshot({ stream: context.name('stream'), data, version: Number.MAX_SAFE_INTEGER });
      await adapter.saveSnapshot(saved);
      assert.deepEqual({ ...(await other.loadSnapshot(saved.stream, saved.name)) }, saved);
    });
  }

  define('ES8 a snapshot needs no stream, and makes none', async (context) => {
    const { adapter } = context;
    const saved = snapshot({ stream: context.name('missing') });
    await adapter.saveSnapshot(saved);
    assert.equal(await adapter.streamVersion(saved.stream), 0);
    const page = await adapter.listStreams({ limit: 10_000 });
    assert.ok(!page.some(({ stream }) => stream === saved.stream));
  });

  define('ES8 of racing snapshots one is kept whole', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 1);
    const all = Array.from({ length: 12 }, (_, n) =>
      snapshot({ stream, version: n + 1, eventId: `${n}`, data: `${n}` }),
    );
    await Promise.all(all.map((saved, n) => (n % 2 ? adapter : other).saveSnapshot(saved)));
    const kept = await adapter.loadSnapshot(stream, 'fold');
    assert.deepEqual({ ...kept }, all[Number(kept?.data)]);
  });

  define('ES8 what the caller does to a snapshot after it was saved changes nothing', async (context) => {
    const { adapter } = context;
    const saved = snapshot({ stream: context.name('stream') });
    const given = { ...saved };
    await adapter.saveSnapshot(given);
    Object.assign(given, { data: '"changed"', version: 99 });
    const loaded = await adapter.loadSnapshot(saved.stream, saved.name);
    assert.deepEqual({ ...loaded }, saved);
    Reflect.set(loaded!, 'data', '"changed"');
    assert.deepEqual({ ...(await adapter.loadSnapshot(saved.stream, saved.name)) }, saved);
  });
}

function snapshot(fields: Partial<StoredSnapshot> & { stream: string }): StoredSnapshot {
  return { name: 'fold', schemaVersion: 1, version: 1, eventId: 'event', data: '{}', encoding: 'json', ...fields };
}
