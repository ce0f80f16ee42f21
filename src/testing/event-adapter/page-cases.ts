import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, idsOf, range, readAllOf, readStream, versionsOf } from './case.ts';

const borders = [0, 1, 2, 4, 5, 6, 7, Number.MAX_SAFE_INTEGER];

export function pageCases(define: DefineCase): void {
  for (const direction of ['forward', 'backward'] as const) {
    for (const limit of [1, 2, 4, 5, 6, 1000]) {
      define(`every page of a stream, ${direction}, at most ${limit}, is the one asked for`, async (context) => {
        const { adapter, other } = context;
        const [stream, beside] = [context.name('stream'), context.name('stream ')];
        for (const n of range(1, 5)) await appended(n % 2 ? adapter : other, batch(beside, 1), batch(stream, 1));
        for (const from of borders) {
          for (const to of borders) {
            const inRange = range(1, 5).filter((version) => version >= from && version <= to);
            const expected = (direction === 'forward' ? inRange : inRange.toReversed()).slice(0, limit);
            const page = await adapter.readStream({ stream, from, to, limit, direction });
            assert.deepEqual(versionsOf(page), expected, JSON.stringify({ from, to }));
            assert.ok(page.every((stored) => stored.stream === stream));
          }
        }
      });
    }

    for (const [count, limit] of [
      [10, 3],
      [10, 5],
      [101, 100],
      [500, 77],
      [500, 250],
    ] as const) {
      define(`a stream of ${count} events is read ${direction} in pages of ${limit}`, async (context) => {
        const { adapter, other } = context;
        const stream = context.name('stream');
        await appended(adapter, batch(stream, count));
        const found: number[] = [];
        for (let [from, to] = [1, count]; ; ) {
          const page = versionsOf(await other.readStream({ stream, from, to, limit, direction }));
          found.push(...page);
          assert.ok(found.length <= count, 'an event comes twice');
          if (page.length < limit) break;
          if (direction === 'forward') from = page.at(-1)! + 1;
          else to = page.at(-1)! - 1;
        }
        assert.deepEqual(found, direction === 'forward' ? range(1, count) : range(1, count).reverse());
      });
    }
  }

  for (const limit of [1, 2, 5, 12, 13, 14, 10_000]) {
    define(`ES5 the whole store in pages of ${limit} is all of it, in the order of positions`, async (context) => {
      const { adapter, other } = context;
      const streams = range(1, 3).map((n) => context.name(`stream ${n}`));
      const before = await adapter.lastPosition();
      const content: string[] = [];
      for (const n of range(0, 8)) {
        const one = batch(streams[n % 3]!, 1 + (n % 2));
        await appended(n % 2 ? adapter : other, one);
        content.push(...idsOf(one.events));
      }
      const whole = await readAllOf(other, streams, before, limit);
      assert.deepEqual(idsOf(whole), content);
      for (const [index, { position }] of whole.entries()) {
        assert.deepEqual(idsOf(await readAllOf(adapter, streams, position, limit)), content.slice(index + 1));
        const page = await adapter.readAll({ after: position - 1, limit: 1 });
        assert.deepEqual(idsOf(page), [content[index]]);
      }
    });
  }

  define(
    'an event is the same in a page of its stream, forward and backward, and of the whole store',
    async (context) => {
      const { adapter, other } = context;
      const stream = context.name('stream');
      const before = await adapter.lastPosition();
      await appended(adapter, batch(stream, 5));
      const forward = await readStream(other, stream);
      const backward = await other.readStream({ stream, from: 1, to: 5, limit: 9, direction: 'backward' });
      assert.deepEqual(backward.toReversed(), forward);
      assert.deepEqual(await readAllOf(other, [stream], before), forward);
    },
  );

  define('two hundred streams are kept apart', async (context) => {
    const { adapter, other } = context;
    const streams = range(1, 200).map((n) => context.name(`stream ${n}`));
    for (const round of range(0, 1)) await appended(adapter, ...streams.map((stream) => batch(stream, 1 + round)));
    const versions = await Promise.all(streams.map((stream) => other.streamVersion(stream)));
    assert.deepEqual(new Set(versions), new Set([3]));
    for (const index of [0, 1, 99, 199]) {
      assert.deepEqual(versionsOf(await readStream(other, streams[index]!)), [1, 2, 3]);
    }
  });
}
