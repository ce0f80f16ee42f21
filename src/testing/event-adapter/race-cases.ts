import assert from 'node:assert/strict';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import type { EventAdapter, StoredEvent } from '../../events/event-adapter.ts';
import { appended, batch, type DefineCase, event, range, readAllOf, readStream, versionsOf } from './case.ts';

const racers = 16;

export function raceCases(define: DefineCase): void {
  for (const [before, expected] of [
    [0, 'no_stream'],
    [0, 0],
    [2, 2],
  ] as [number, ExpectedVersion][]) {
    define(`ES2 of ${racers} racing appends that expect ${expected} exactly one wins`, async (context) => {
      const { adapter, other } = context;
      const stream = context.name('stream');
      if (before > 0) await appended(adapter, batch(stream, before));
      const outcomes = await race(adapter, other, () => [batch(stream, 3, expected)]);
      const won = outcomes.filter(({ status }) => status === 'appended');
      assert.equal(won.length, 1, `${won.length} appends won`);
      for (const outcome of outcomes) {
        if (outcome.status !== 'appended') {
          assert.deepEqual({ ...outcome }, { status: 'conflict', stream, actualVersion: before + 3 });
        }
      }
      assert.deepEqual(versionsOf(await readStream(adapter, stream)), range(1, before + 3));
    });
  }

  for (const expected of ['any', 'stream_exists'] as const) {
    define(`ES2 ${racers} racing appends that expect ${expected} all succeed, without a gap`, async (context) => {
      const { adapter, other } = context;
      const stream = context.name('stream');
      if (expected === 'stream_exists') await appended(adapter, batch(stream, 1));
      const outcomes = await race(adapter, other, () => [batch(stream, 2, expected)]);
      assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['appended']));
      const stored = await readStream(adapter, stream);
      assert.deepEqual(versionsOf(stored), range(1, stored.length));
      assert.equal(stored.length, racers * 2 + (expected === 'stream_exists' ? 1 : 0));
    });
  }

  define('ES1 appends that cross over the same streams in different order all succeed', async (context) => {
    const { adapter, other } = context;
    const streams = range(1, 4).map((n) => context.name(`stream ${n}`));
    const outcomes = await race(adapter, other, (index) => {
      const turned = [...streams.slice(index % 4), ...streams.slice(0, index % 4)];
      return (index % 3 === 0 ? turned.toReversed() : turned).map((stream) => batch(stream));
    });
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['appended']));
    for (const stream of streams) assert.equal(await adapter.streamVersion(stream), racers);
  });

  define('ES1 ES5 a reader beside racing writers sees whole appends, and all of them in order', async (context) => {
    const { adapter, other } = context;
    const before = await adapter.lastPosition();
    const streams = range(1, 6).map((n) => context.name(`stream ${n}`));
    let writing = true;
    const writers = streams.map(async (stream, index) => {
      for (let n = 0; n < 10; n++) {
        const pair = [event({ type: 'pair' }), event({ type: 'pair' })];
        const single = [event({ type: 'single' })];
        await appended(n % 2 === 0 ? adapter : other, batch(stream, pair), batch(streams[(index + 1) % 6]!, single));
      }
    });
    const reader = (async () => {
      const seen: StoredEvent[] = [];
      for (let last = false; ; ) {
        seen.push(...(await readAllOf(other, streams, seen.at(-1)?.position ?? before, 7)));
        for (const [index, stream] of streams.entries()) {
          const pairs = count(await readStream(other, stream), 'pair');
          const singles = count(await readStream(other, streams[(index + 1) % 6]!), 'single');
          assert.equal(pairs % 2, 0, 'half an append was visible');
          assert.ok(singles >= pairs / 2, 'an append was visible in one of its streams and not in the other');
        }
        if (last) return seen;
        last = !writing;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const written = Promise.all(writers).finally(() => {
      writing = false;
    });
    // Both at once: the reader may fail while the writers are still at it.
    const [seen] = await Promise.all([reader, written]);
    for (const stream of streams) {
      const ofStream = seen.filter((stored) => stored.stream === stream);
      assert.deepEqual(versionsOf(ofStream), range(1, 30), 'the reader missed or reordered events');
    }
  });
}

function count(events: readonly StoredEvent[], type: string): number {
  return events.filter((stored) => stored.type === type).length;
}

function race(adapter: EventAdapter, other: EventAdapter, batches: (index: number) => ReturnType<typeof batch>[]) {
  const calls = range(0, racers - 1).map((index) => (index % 2 === 0 ? adapter : other).append(batches(index)));
  return Promise.all(calls);
}
