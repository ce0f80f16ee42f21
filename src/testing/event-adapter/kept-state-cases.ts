import assert from 'node:assert/strict';
import type { StoredSnapshot } from '../../events/event-adapter.ts';
import { difficultNames } from './append-cases.ts';
import { appended, batch, type DefineCase, readStream } from './case.ts';

export function keptStateCases(define: DefineCase): void {
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

  define('a checkpoint is what was saved last under its name; there is none before', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    assert.equal(await adapter.loadCheckpoint(name), undefined);
    for (const position of [0, 7, Number.MAX_SAFE_INTEGER, 3]) {
      const revision = await adapter.saveCheckpoint(name, { position, state: `{"n":${position}}` });
      const stored = { name, position, state: `{"n":${position}}`, revision };
      assert.deepEqual({ ...(await other.loadCheckpoint(name)) }, stored);
    }
    assert.equal(await other.loadCheckpoint(`${name} `), undefined);
  });

  define('checkpoints of other names are left alone', async (context) => {
    const { adapter } = context;
    const names = difficultNames.map((name) => context.name(name));
    for (const [index, name] of names.entries()) await adapter.saveCheckpoint(name, { position: index, state: '{}' });
    for (const [index, name] of names.entries()) {
      assert.equal((await adapter.loadCheckpoint(name))?.position, index);
    }
  });

  define('init may be called again, by several at once, and changes nothing that is stored', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    await appended(adapter, batch(stream, 2));
    await Promise.all([adapter.init(), other.init(), adapter.init(), other.init()]);
    assert.equal((await readStream(adapter, stream)).length, 2);
  });

  define('closing one adapter leaves the storage and the other adapters as they are', async (context) => {
    const { adapter, other } = context;
    if (adapter === other) return;
    const stream = context.name('stream');
    await appended(other, batch(stream, 1));
    await other.close();
    await appended(adapter, batch(stream, 1, 1));
    assert.equal((await readStream(adapter, stream)).length, 2);
  });
}

function snapshot(fields: Partial<StoredSnapshot> & { stream: string }): StoredSnapshot {
  return { name: 'fold', schemaVersion: 1, version: 1, eventId: 'event', data: '{}', encoding: 'json', ...fields };
}
