import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, event, events, idsOf, range, readAllOf, readStream } from './case.ts';

const megabyte = 1024 * 1024;

export function sizeCases(define: DefineCase): void {
  for (const [count, streamCount] of [
    [1, 1],
    [2, 1],
    [100, 1],
    [1000, 1],
    [1, 100],
    [3, 50],
    [250, 4],
  ] as const) {
    const title = `${count} events each to ${streamCount} streams`;
    define(`ES1 ${title} in one append are stored in order, or not at all`, async (context) => {
      const { adapter, other } = context;
      const before = await adapter.lastPosition();
      const batches = range(1, streamCount).map((n) => batch(context.name(`stream ${n}`), events(count), 'no_stream'));
      const streams = batches.map(({ stream }) => stream);
      const last = { ...batches.at(-1)!, expectedVersion: 1 };
      assert.equal((await adapter.append([...batches.slice(0, -1), last])).status, 'conflict');
      assert.deepEqual(await readAllOf(other, streams, before), []);
      const results = await appended(adapter, ...batches);
      const stored = await readAllOf(other, streams, before);
      assert.deepEqual(idsOf(stored), idsOf(batches.flatMap((each) => each.events)));
      assert.deepEqual(
        stored.map(({ version }) => version),
        batches.flatMap(() => range(1, count)),
      );
      assert.deepEqual(
        results.map((result) => ({ ...result })),
        range(1, streamCount).map((n) => ({ version: count, position: stored[n * count - 1]?.position })),
      );
    });
  }

  const payloads: [string, string][] = [
    ['1 MB of one character', `"${'x'.repeat(megabyte)}"`],
    ['1 MB of three bytes a character', `"${'가'.repeat(megabyte / 3)}"`],
    ['1 MB of surrogate pairs', `"${'😀'.repeat(megabyte / 4)}"`],
    ['1 MB of escaped quotes', `"${'\\"'.repeat(megabyte / 2)}"`],
    ['100,000 numbers', JSON.stringify(range(1, 100_000))],
    ['a hundred arrays in each other', '['.repeat(100) + ']'.repeat(100)],
  ];
  for (const [title, data] of payloads) {
    define(`ES7 ${title} come back as they were given`, async (context) => {
      const { adapter, other } = context;
      const stream = context.name('stream');
      await appended(adapter, batch(stream, [event({ data }), event(), event({ data })]));
      const stored = await readStream(other, stream);
      assert.equal(stored.length, 3);
      assert.ok(stored[0]!.data === data && stored[2]!.data === data, 'the text is another one');
    });
  }

  define('ES7 metadata of 100 kB comes back as it was given', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const metadata = JSON.stringify({ long: '한"\\'.repeat(20_000) });
    await appended(adapter, batch(stream, [event({ metadata })]));
    assert.equal((await readStream(other, stream))[0]?.metadata, metadata);
  });

  define('ES11 names of 255 characters that differ in the last one are different names', async (context) => {
    const { adapter, other } = context;
    for (const letter of ['x', '가', '😀']) {
      const begin = context.name('');
      const long = `${begin}${letter.repeat(Math.floor((254 - begin.length) / letter.length))}`;
      const [one, two] = [`${long}1`, `${long}2`];
      await appended(adapter, batch(one, [event({ id: one, type: one, tags: [one] })], 0));
      await appended(adapter, batch(two, [event({ id: two, type: two, tags: [two] })], 0));
      for (const each of [one, two]) {
        const [stored, ...more] = await readStream(other, each);
        assert.deepEqual([stored?.id, stored?.type, stored?.tags[0], more.length], [each, each, each, 0]);
      }
    }
  });

  define('ES7 times from the first to the last that JavaScript knows come back', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const times = [-8.64e15, -1, 0, 1, 2 ** 31, 2 ** 32 + 1, 1_700_000_000_123, 8.64e15];
    await appended(
      adapter,
      batch(
        stream,
        times.map((timestamp) => event({ timestamp })),
      ),
    );
    assert.deepEqual(
      (await readStream(other, stream)).map(({ timestamp }) => timestamp),
      times,
    );
  });
}
