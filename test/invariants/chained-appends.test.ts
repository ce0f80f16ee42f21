import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { Clock } from '../../src/core/clock.ts';
import { AppendInDoubtError } from '../../src/core/errors.ts';
import type { AdapterAppendOptions, AppendOutcome, EventAdapter, EventBatch } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { verifyEvents } from '../../src/events/verify-events.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { pausing, scheduledClock } from '../events/pausing-adapter.ts';
import { runs } from './runs.ts';

/** A storage that counts what it is asked for, and answers late. */
class CountingAdapter extends MemoryEventAdapter {
  appends = 0;
  reads = 0;

  override async append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    this.appends++;
    await new Promise(setImmediate);
    return super.append(batches, options);
  }

  override async streamVersion(stream: string): Promise<number> {
    this.reads++;
    await new Promise(setImmediate);
    return super.streamVersion(stream);
  }
}

const of = (id: string) => [{ id, type: 't', data: id }];
const many = Array.from({ length: 100 }, (_, n) => `${n}`);

describe('chained appends', () => {
  it('to one stream are tried once each, however many come at once, in the order they were asked for', async () => {
    const adapter = new CountingAdapter();
    const stores = [1, 2].map(() => new EventStore({ adapter, hashChain: true }));
    for (const store of stores) await store.init();
    const results = await Promise.all(many.map((id, n) => stores[n % 2]!.append('s', of(id))));
    expect(results.map(({ version }) => version)).toEqual(many.map((_, n) => n + 1));
    expect([adapter.appends, adapter.reads]).toEqual([100, 1]);
    await stores[0]!.append('s', of('later'));
    expect([adapter.appends, adapter.reads]).toEqual([101, 2]);
    expect(await verifyEvents(adapter)).toMatchObject({ events: 101, findings: [] });
  });

  it('to several streams at once do not wait for each other for good', async () => {
    const adapter = new CountingAdapter();
    const store = new EventStore({ adapter, hashChain: true });
    const cycle = ['a', 'b', 'c'];
    await Promise.all(
      many.map((id, n) =>
        store.appendMany([0, 1].map((next) => ({ stream: cycle[(n + next) % 3]!, events: of(`${id}/${next}`) }))),
      ),
    );
    expect(adapter.appends).toBe(100);
    expect(await verifyEvents(adapter)).toMatchObject({ events: 200, findings: [] });
  });

  it('ES1 ES2 of several processes leave a whole chain, and everyone has the outcome of his own', async () => {
    const append = fc.record({
      process: fc.nat(2),
      streams: fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 1, maxLength: 2 }),
      expectedVersion: fc.constantFrom('any' as const, 'any' as const, 'no_stream' as const, 1),
      abort: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(append, { maxLength: 10 }), async (s, appends) => {
        const inner = new MemoryEventAdapter();
        const clock = scheduledClock(s);
        const stores = [0, 1, 2].map(
          () => new EventStore({ adapter: pausing(inner, s), hashChain: true, clock, random: () => 0.5 }),
        );
        const stop = new AbortController();
        void s.schedule(Promise.resolve(), 'abort').then(() => stop.abort(new Error('stop')));
        const settled = await s.waitFor(
          Promise.allSettled(
            appends.map(({ process, streams, expectedVersion, abort }, n) =>
              stores[process]!.appendMany(
                streams.map((stream) => ({ stream, events: of(`${n}/${stream}`), expectedVersion })),
                { signal: abort ? stop.signal : undefined },
              ),
            ),
          ),
        );
        await s.waitAll();
        const stored = await new EventStore({ adapter: inner }).readAll().toArray();
        for (const [n, one] of settled.entries()) {
          const { streams, expectedVersion, abort } = appends[n]!;
          const own = stored.filter(({ id }) => id.startsWith(`${n}/`));
          if (one.status === 'fulfilled') {
            const places = own.map(({ stream, version, position }) => ({ stream, version, position }));
            expect(one.value).toEqual(places);
            expect(own.map(({ id }) => id)).toEqual(streams.map((stream) => `${n}/${stream}`));
            if (expectedVersion === 'no_stream') for (const { version } of own) expect(version).toBe(1);
            if (expectedVersion === 1) for (const { version } of own) expect(version).toBe(2);
          } else {
            expect(own).toEqual([]);
            if (one.reason.message === 'stop') expect(abort).toBe(true);
            else
              expect([one.reason.code, expectedVersion]).toEqual([
                'CONCURRENCY_CONFLICT',
                expect.not.stringContaining('any'),
              ]);
          }
        }
        expect(await verifyEvents(inner)).toMatchObject({ events: stored.length, unlinked: 0, open: 0, findings: [] });
      }),
      runs(300),
    );
  });

  it('that wait end at once when their signal aborts, and are passed over; one that is handed over is waited for', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    class Slow extends CountingAdapter {
      override async append(batches: readonly EventBatch[], options?: AdapterAppendOptions): Promise<AppendOutcome> {
        const outcome = super.append(batches, options);
        await answered;
        return outcome;
      }
    }
    const adapter = new Slow();
    const store = new EventStore({ adapter, hashChain: true });
    const stop = new AbortController();
    const { signal } = stop;
    const first = store.append('s', of('first'), { signal });
    const waiting = store.appendMany(
      [
        { stream: 't', events: of('t') },
        { stream: 's', events: of('s') },
      ],
      { signal },
    );
    const behind = [store.append('t', of('behind in t')), store.append('s', of('behind in s'))];
    while (adapter.appends === 0) await new Promise(setImmediate);
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    answer();
    expect((await first).version).toBe(1);
    expect((await Promise.all(behind)).map(({ version }) => version)).toEqual([1, 2]);
    expect([adapter.appends, adapter.reads]).toEqual([3, 3]);
    expect(await verifyEvents(adapter)).toMatchObject({ events: 3, findings: [] });
  });

  it('of which the signal aborts while the stream is looked at are not stored', async () => {
    const stop = new AbortController();
    class Stopping extends CountingAdapter {
      override async streamVersion(stream: string): Promise<number> {
        const version = await super.streamVersion(stream);
        stop.abort(new Error('stop'));
        return version;
      }
    }
    const adapter = new Stopping();
    const appending = new EventStore({ adapter, hashChain: true }).append('s', of('1'), { signal: stop.signal });
    await expect(appending).rejects.toThrow('stop');
    expect(adapter.appends).toBe(0);
  });

  it('that fail, whether they are stored or not, keep nobody from going on behind them', async () => {
    const faults = ['refused', 'stored', 'none', 'refused', 'none'];
    class Failing extends CountingAdapter {
      override async append(batches: readonly EventBatch[], options?: AdapterAppendOptions): Promise<AppendOutcome> {
        const fault = faults.shift();
        if (fault === 'refused') throw new Error('refused');
        const outcome = await super.append(batches, options);
        if (fault === 'stored') throw new AppendInDoubtError({ eventIds: [] });
        return outcome;
      }
    }
    const adapter = new Failing();
    const store = new EventStore({ adapter, hashChain: true });
    const settled = await Promise.allSettled([...faults].map((fault, n) => store.append('s', of(`${n} ${fault}`))));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(adapter.appends).toBe(3);
    expect(await verifyEvents(adapter)).toMatchObject({ events: 3, findings: [] });
  });

  it('that other processes overtake wait longer each time, with jitter and within bounds, for as long as they are wanted', async () => {
    const waits: number[] = [];
    const time = new FakeClock();
    const clock: Clock = {
      now: () => time.now(),
      schedule(run, delayMs) {
        waits.push(delayMs);
        return time.schedule(run, delayMs);
      },
    };
    const inner = new MemoryEventAdapter();
    const other = new EventStore({ adapter: inner, hashChain: true });
    let overtaking = 0;
    const adapter: EventAdapter = new Proxy(inner, {
      get(target, name) {
        if (name === 'append' && overtaking-- > 0)
          return async (...values: Parameters<EventAdapter['append']>) => {
            await other.append('s', [{ type: 't', data: 1 }]);
            return target.append(...values);
          };
        const method = Reflect.get(target, name, target);
        return typeof method === 'function' ? method.bind(target) : method;
      },
    });
    const store = new EventStore({ adapter, hashChain: true, clock, random: () => 0.5 });
    overtaking = 9;
    const appending = store.append('s', of('late'));
    await time.advance(10_000);
    expect((await appending).version).toBe(10);
    expect(waits).toEqual([2.5, 5, 10, 20, 40, 50, 50, 50, 50]);
    expect(await verifyEvents(inner)).toMatchObject({ events: 10, findings: [] });

    overtaking = 9;
    const stop = new AbortController();
    const stopped = expect(store.append('s', of('stopped'), { signal: stop.signal })).rejects.toThrow('stop');
    await time.advance(20);
    stop.abort(new Error('stop'));
    await stopped;
  });
});
