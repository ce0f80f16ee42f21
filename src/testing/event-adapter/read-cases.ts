import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, idsOf, range, readAllOf, readStream, versionsOf } from './case.ts';

export function readCases(define: DefineCase): void {
  define('a stream that does not exist is empty, at version 0', async (context) => {
    const { adapter } = context;
    const stream = context.name('missing');
    assert.deepEqual([...(await readStream(adapter, stream))], []);
    assert.equal(await adapter.streamVersion(stream), 0);
  });

  for (const direction of ['forward', 'backward'] as const) {
    define(`every page of a stream, ${direction}, is the one asked for`, async (context) => {
      const { adapter } = context;
      const [stream, beside] = [context.name('stream'), context.name('beside')];
      for (const _ of range(1, 5)) await appended(adapter, batch(stream, 1), batch(beside, 1));
      for (const from of [0, 1, 3, 5, 6]) {
        for (const to of [0, 1, 3, 5, 6, Number.MAX_SAFE_INTEGER]) {
          for (const limit of [1, 3, 100]) {
            const inRange = range(1, 5).filter((version) => version >= from && version <= to);
            const expected = (direction === 'forward' ? inRange : inRange.toReversed()).slice(0, limit);
            const page = await adapter.readStream({ stream, from, to, limit, direction });
            assert.deepEqual(versionsOf(page), expected, JSON.stringify({ from, to, limit }));
            assert.ok(page.every((stored) => stored.stream === stream));
          }
        }
      }
    });
  }

  define('ES5 the whole store page by page is all of it, in the order of positions', async (context) => {
    const { adapter, other } = context;
    const streams = range(1, 3).map((n) => context.name(`stream ${n}`));
    const before = await adapter.lastPosition();
    for (const n of range(0, 8)) await appended(adapter, batch(streams[n % 3]!, 1 + (n % 2)));
    const whole = await readAllOf(other, streams, before);
    assert.equal(whole.length, 13);
    for (const limit of [1, 2, 5, 13, 14]) {
      assert.deepEqual(idsOf(await readAllOf(adapter, streams, before, limit)), idsOf(whole));
    }
    for (const [index, { position }] of whole.entries()) {
      assert.deepEqual(idsOf(await readAllOf(adapter, streams, position)), idsOf(whole.slice(index + 1)));
    }
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
    await appended(adapter, batch(stream, 2));
    const mine = await readStream(adapter, stream);
    const theirs = await readStream(other, stream);
    assert.deepEqual(theirs, mine);
    assert.deepEqual(await readAllOf(other, [stream]), mine);
  });

  define('what is given out can be changed by nobody', async (context) => {
    const { adapter } = context;
    const stream = context.name('stream');
    await appended(adapter, batch(stream, 2));
    const [first] = await readStream(adapter, stream);
    const copy = { ...first };
    const page = (await readStream(adapter, stream)) as unknown[];
    page.length = 0;
    Reflect.set(first!, 'data', '"changed"');
    const [again, ...more] = await readStream(adapter, stream);
    assert.deepEqual({ ...again }, copy);
    assert.equal(more.length, 1);
    assert.equal((await readAllOf(adapter, [stream])).length, 2);
  });
}
