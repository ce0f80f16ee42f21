import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { EventAdapter, StoredEvent, StreamPage } from '../../src/events/event-adapter.ts';
import { allSequence, streamSequence } from '../../src/events/event-batches.ts';
import { EventCodec } from '../../src/events/event-codec.ts';
import { EventStore } from '../../src/events/event-store.ts';

/** Reads of one stream that are answered when the test says so, and what is running of them. */
class HeldReads {
  readonly asked: { readonly from: number; readonly to: number; answer(): Promise<void>; fail(error: Error): void }[] =
    [];
  running = 0;
  readonly #adapter: EventAdapter;

  constructor(adapter: EventAdapter) {
    this.#adapter = adapter;
  }

  readonly source = {
    adapter: async () => ({ readStream: (page: StreamPage) => this.#read(page) }) as unknown as EventAdapter,
    decode: (events: readonly StoredEvent[]) => new EventCodec({}).decode(events),
  };

  #read(page: StreamPage): Promise<readonly StoredEvent[]> {
    this.running++;
    const answered = new Promise<readonly StoredEvent[]>((resolve, reject) => {
      this.asked.push({
        from: page.from,
        to: page.to,
        answer: async () => {
          resolve(await this.#adapter.readStream(page));
          await settled();
        },
        fail: reject,
      });
    });
    return answered.finally(() => this.running--);
  }

  /** From where, of the reads that were asked for since. */
  froms(): number[] {
    return this.asked.map(({ from }) => from);
  }
}

/** Every step that waits for nothing is taken. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

async function streamOf(count: number) {
  const adapter = new MemoryEventAdapter();
  const store = new EventStore({ adapter });
  const events = Array.from({ length: count }, (_, n) => ({ type: 'counted', data: n + 1 }));
  if (count > 0) await store.append('s', events);
  return { adapter, store, reads: new HeldReads(adapter) };
}

/** The batches that come, as the versions in them, and what ends them. */
function collect(batches: AsyncIterable<readonly { readonly version: number }[]>) {
  const got: number[][] = [];
  const end = (async () => {
    for await (const batch of batches) got.push(batch.map(({ version }) => version));
  })();
  return { got, end };
}

describe('batches ahead', () => {
  it('asks for one page alone, and for two behind it once it is full', async () => {
    const { reads } = await streamOf(10);
    const { got, end } = collect(streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead());
    await settled();
    expect(reads.froms()).toEqual([1]);
    await reads.asked[0]!.answer();
    // The second batch is waited for, and the one behind it is on its way.
    expect(got).toEqual([[1, 2]]);
    expect(reads.froms()).toEqual([1, 3, 5]);
    for (let n = 1; n < 6; n++) await reads.asked[n]!.answer();
    expect(reads.froms()).toEqual([1, 3, 5, 7, 9, 11, 13]);
    await reads.asked[6]!.answer();
    await end;
    expect(got).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
  });

  it('asks for nothing behind a page that is not full', async () => {
    const { reads } = await streamOf(1);
    const { got, end } = collect(streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead());
    await settled();
    await reads.asked[0]!.answer();
    await end;
    expect(got).toEqual([[1]]);
    expect(reads.asked).toHaveLength(1);
  });

  it('has two pages at most on their way, however slow the consumer is', async () => {
    const { reads } = await streamOf(20);
    const batches = streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead()[Symbol.asyncIterator]();
    const first = batches.next();
    await settled();
    await reads.asked[0]!.answer();
    await first;
    await reads.asked[1]!.answer();
    await reads.asked[2]!.answer();
    await settled();
    expect(reads.asked).toHaveLength(3);
  });

  it('gives the pages in order, whichever is answered first', async () => {
    const { reads } = await streamOf(6);
    const { got, end } = collect(streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead());
    await settled();
    await reads.asked[0]!.answer();
    await reads.asked[2]!.answer();
    expect(got).toEqual([[1, 2]]);
    await reads.asked[1]!.answer();
    for (const read of reads.asked.slice(3)) await read.answer();
    await end;
    expect(got.flat()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('reads backwards as well, and no more than the limit', async () => {
    const { reads } = await streamOf(10);
    const options = { direction: 'backward', batchSize: 2, limit: 5 } as const;
    const { got, end } = collect(streamSequence(reads.source, 's', options).batchesAhead());
    await settled();
    for (let n = 0; n < reads.asked.length; n++) await reads.asked[n]!.answer();
    await end;
    expect(got).toEqual([[10, 9], [8, 7], [6]]);
    expect(reads.asked.map(({ to }) => to)).toEqual([Number.MAX_SAFE_INTEGER, 8, 6]);
  });

  it('reads anew what began elsewhere than it was guessed, as it does when a stream is truncated meanwhile', async () => {
    const { adapter, reads } = await streamOf(12);
    const { got, end } = collect(streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead());
    await settled();
    await reads.asked[0]!.answer();
    await adapter.truncateStream('s', 8);
    for (let n = 1; n < reads.asked.length; n++) await reads.asked[n]!.answer();
    await end;
    expect(got.flat()).toEqual([1, 2, 8, 9, 10, 11, 12]);
  });

  it('fails with the error of a page when its turn comes, and leaves no rejection unhandled', async () => {
    const { reads } = await streamOf(10);
    const { got, end } = collect(streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead());
    const failed = expect(end).rejects.toThrow('of the second page');
    await settled();
    await reads.asked[0]!.answer();
    reads.asked[2]!.fail(new Error('of the third page'));
    await settled();
    reads.asked[1]!.fail(new Error('of the second page'));
    await failed;
    expect(got).toEqual([[1, 2]]);
    expect(reads.running).toBe(0);
  });

  it('is over only when no page is being read any more, for a consumer that leaves early', async () => {
    const { reads } = await streamOf(10);
    let isOver = false;
    const leaving = (async () => {
      for await (const _ of streamSequence(reads.source, 's', { batchSize: 2 }).batchesAhead()) break;
      isOver = true;
    })();
    await settled();
    await reads.asked[0]!.answer();
    expect(reads.running).toBe(2);
    await reads.asked[1]!.answer();
    expect(isOver).toBe(false);
    reads.asked[2]!.fail(new Error('for nobody'));
    await leaving;
    expect(reads.running).toBe(0);
    expect(reads.asked).toHaveLength(3);
  });

  it('stops at once when it is aborted, also before what is here already', async () => {
    const { reads } = await streamOf(10);
    const abort = new AbortController();
    const options = { batchSize: 2, signal: abort.signal };
    const batches = streamSequence(reads.source, 's', options).batchesAhead()[Symbol.asyncIterator]();
    const first = batches.next();
    await settled();
    await reads.asked[0]!.answer();
    await first;
    await reads.asked[1]!.answer();
    abort.abort(new Error('enough'));
    await expect(batches.next()).rejects.toThrow('enough');
    expect(reads.asked).toHaveLength(3);
  });

  it('has one page of the global order on its way, for nobody knows where the next begins', async () => {
    const { adapter, store } = await streamOf(5);
    await store.append('t', [{ type: 'counted', data: 6 }]);
    let asked = 0;
    const counting = new Proxy(adapter, {
      get: (target, key) => {
        if (key === 'readAll') asked++;
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const source = { adapter: async () => counting, decode: new HeldReads(adapter).source.decode };
    const { got, end } = collect(allSequence(source, { batchSize: 2 }).batchesAhead());
    await end;
    expect(got.map((batch) => batch.length)).toEqual([2, 2, 2]);
    expect(asked).toBe(4);
  });
});
