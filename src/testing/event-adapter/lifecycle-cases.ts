import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, readStream } from './case.ts';

export function lifecycleCases(define: DefineCase): void {
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

  define('an adapter may be closed more than once', async (context) => {
    const { adapter, other } = context;
    await appended(adapter, batch(context.name('stream')));
    await other.close();
    await other.close();
  });
}
