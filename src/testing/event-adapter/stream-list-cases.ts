import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, info, infoOf, listStreams, range, streamOf } from './case.ts';
import { difficultNames } from './difficult-names.ts';

export function streamListCases(define: DefineCase): void {
  for (const limit of [1, 2, 5, 19, 20, 21]) {
    define(`the list of streams in pages of ${limit} is all of them, each once`, async (context) => {
      const { adapter, other } = context;
      const streams = range(1, 20).map((n) => context.name(`stream ${n}`));
      await appended(adapter, ...streams.map((stream, index) => batch(stream, 1 + (index % 3))));
      const all = await listStreams(other);
      const mine = all.filter(({ stream }) => streams.includes(stream));
      assert.deepEqual(new Set(mine.map(({ stream }) => stream)), new Set(streams));
      for (const { stream, version } of mine) assert.equal(version, 1 + (streams.indexOf(stream) % 3));
      // The storage may hold many others: only the pages around these streams are read one by one.
      for (const { stream } of mine) {
        const start = all.findIndex((each) => each.stream === stream) + 1;
        const page = await adapter.listStreams({ after: stream, limit });
        assert.deepEqual(
          page.map((each) => ({ ...each })),
          all.slice(start, start + limit),
        );
      }
      const begin = await adapter.listStreams({ limit });
      assert.deepEqual(
        begin.map((each) => ({ ...each })),
        all.slice(0, limit),
      );
    });
  }

  define('a stream is in the list as it stands', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    assert.equal(await infoOf(adapter, stream), undefined);
    await appended(adapter, batch(stream, 2));
    assert.deepEqual(await infoOf(other, stream), info(stream, 2));
    await appended(other, batch(stream, 3));
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 5));
    await adapter.truncateStream(stream, 4);
    assert.deepEqual(await infoOf(other, stream), info(stream, 5, 4));
    await appended(other, batch(stream, 1));
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 6, 4));
    await adapter.truncateStream(stream, 7);
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 6, 7));
    await appended(adapter, batch(stream, 1));
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 7, 7));
    await adapter.deleteStream(stream, 7);
    assert.deepEqual(await infoOf(other, stream), info(stream, 7, 8, true));
  });

  define('ES11 any name is in the list of streams, and can be gone on from', async (context) => {
    const { adapter, other } = context;
    const streams = difficultNames.map(context.name);
    await appended(adapter, ...streams.map((stream) => batch(stream)));
    const all = await listStreams(other);
    for (const stream of streams) {
      const at = all.findIndex((each) => each.stream === stream);
      assert.deepEqual(all[at], info(stream, 1), JSON.stringify(stream));
      const [next] = await other.listStreams({ after: stream, limit: 1 });
      assert.equal(next?.stream, all[at + 1]?.stream, `after ${JSON.stringify(stream)}`);
    }
  });

  define('nothing comes after the last stream', async (context) => {
    const { adapter } = context;
    await streamOf(context, 1);
    const all = await listStreams(adapter);
    assert.deepEqual([...(await adapter.listStreams({ after: all.at(-1)!.stream, limit: 10 }))], []);
  });

  define('a page goes on from a stream that is deleted or was never there', async (context) => {
    const { adapter } = context;
    const [a, b, c] = ['a', 'b', 'c'].map((what) => `${context.name('list')} ${what}`);
    await appended(adapter, batch(a!), batch(c!));
    const streams = async (after: string) => {
      const page = await adapter.listStreams({ after, limit: 1000 });
      return page.map(({ stream }) => stream).filter((stream) => [a, b, c].includes(stream));
    };
    const ofMissing = await streams(b!);
    await appended(adapter, batch(b!));
    await adapter.deleteStream(b!, 'any');
    assert.deepEqual(await streams(b!), ofMissing);
  });

  define('an append that is refused makes no stream', async (context) => {
    const { adapter } = context;
    const [missing, there] = [context.name('missing'), await streamOf(context, 1)];
    assert.equal((await adapter.append([batch(missing), batch(there, 1, 9)])).status, 'conflict');
    assert.equal((await adapter.deleteStream(missing, 3)).status, 'conflict');
    assert.equal(await infoOf(adapter, missing), undefined);
    assert.deepEqual(await infoOf(adapter, there), info(there, 1));
  });
}
