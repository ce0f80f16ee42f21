import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, readAllOf, readStream } from './case.ts';

export function readCases(define: DefineCase): void {
  define('a stream that does not exist is empty, at version 0', async (context) => {
    const { adapter } = context;
    const stream = context.name('missing');
    assert.deepEqual([...(await readStream(adapter, stream))], []);
    assert.equal(await adapter.streamVersion(stream), 0);
  });

  define('the last position is that of the last event, and nothing is behind it', async (context) => {
    const { adapter, other } = context;
    const [result] = await appended(adapter, batch(context.name('stream'), 3));
    assert.equal(await other.lastPosition(), result?.position);
    assert.deepEqual([...(await other.readAll({ after: result!.position, limit: 10 }))], []);
    assert.deepEqual([...(await other.readAll({ after: Number.MAX_SAFE_INTEGER, limit: 10 }))], []);
  });

  define('ES3 what was appended is found by another adapter over the same storage', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const before = await adapter.lastPosition();
    await appended(adapter, batch(stream, 2));
    const mine = await readStream(adapter, stream);
    const theirs = await readStream(other, stream);
    assert.deepEqual(theirs, mine);
    assert.deepEqual(await readAllOf(other, [stream], before), mine);
  });

  define('what is given out can be changed by nobody', async (context) => {
    const { adapter } = context;
    const stream = context.name('stream');
    const before = await adapter.lastPosition();
    await appended(adapter, batch(stream, 2));
    const [first] = await readStream(adapter, stream);
    const copy = { ...first };
    const page = (await readStream(adapter, stream)) as unknown[];
    page.length = 0;
    Reflect.set(first!, 'data', '"changed"');
    const [again, ...more] = await readStream(adapter, stream);
    assert.deepEqual({ ...again }, copy);
    assert.equal(more.length, 1);
    assert.equal((await readAllOf(adapter, [stream], before)).length, 2);
  });
}
