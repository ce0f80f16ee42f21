import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryCacheProvider } from '../../src/cache/memory-cache-provider.ts';
import { MultiLevelCache } from '../../src/cache/multi-level-cache.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from './runs.ts';

/** A level whose every operation takes effect only when the scheduler lets it, and answers later still. */
class SlowLevel extends MemoryCacheProvider {
  readonly #pause: () => Promise<unknown>;

  constructor(scheduler: fc.Scheduler, name: string) {
    super();
    this.#pause = () => scheduler.schedule(Promise.resolve(), name);
  }

  override async getEntry(key: string) {
    await this.#pause();
    const entry = await super.getEntry(key);
    await this.#pause();
    return entry;
  }

  override async set(...args: Parameters<MemoryCacheProvider['set']>) {
    await this.#pause();
    await super.set(...args);
    await this.#pause();
  }

  override async delete(key: string) {
    await this.#pause();
    await super.delete(key);
    await this.#pause();
  }
}

const throwing = (error: unknown) => {
  throw error;
};

describe('cache', () => {
  it('CA1 of any number of concurrent loads of a cold key the loader is called once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 20 }),
        fc.boolean(),
        async (scheduler, callers, fails) => {
          const levels = ['l1', 'l2', 'l3'].map((name) => new SlowLevel(scheduler, name));
          const cache = new MultiLevelCache(levels[0]!, levels[1], levels[2], { onError: throwing });
          let loads = 0;
          const load = async () => {
            loads++;
            await scheduler.schedule(Promise.resolve(), 'load');
            if (fails) throw new Error('load');
            return 7;
          };
          const answers = Promise.allSettled(Array.from({ length: callers }, () => cache.getOrLoad('key', load)));
          await scheduler.waitFor(answers);
          expect(loads).toBe(1);
          for (const answer of await answers) {
            expect(answer).toMatchObject(fails ? { status: 'rejected' } : { status: 'fulfilled', value: 7 });
          }
          const after = cache.get('key');
          await scheduler.waitFor(after);
          expect(await after).toBe(fails ? null : 7);
        },
      ),
      runs(60),
    );
  });

  it('CA2 a hit in a lower level fills the levels above, never longer than what is left below', async () => {
    const seconds = fc.integer({ min: 1, max: 100 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(seconds, seconds, fc.option(seconds, { nil: undefined })),
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 1, max: 3 }),
        async ([first, second, ttl], waited, hitLevel) => {
          const clock = new FakeClock(1_000_000);
          const levels = [1, 2, 3].map(() => new MemoryCacheProvider({ clock }));
          const ttls = [first, second, undefined];
          const cache = new MultiLevelCache(levels[0]!, levels[1], levels[2], { ttls, onError: throwing });
          await levels[hitLevel - 1]!.set('key', 'value', { ttl });
          await clock.advance(waited * 1000);
          const isLeft = ttl === undefined || waited < ttl;
          expect(await cache.get('key')).toBe(isLeft ? 'value' : null);
          const left = ttl === undefined ? Infinity : (ttl - waited) * 1000;
          for (const [index, level] of levels.entries()) {
            const entry = await level.getEntry('key');
            if (!isLeft || index >= hitLevel) expect(entry).toBeUndefined();
            else if (index === hitLevel - 1) expect(entry!.remainingMs).toBe(left);
            else expect(entry!.remainingMs).toBe(Math.min(left, ttls[index]! * 1000));
          }
        },
      ),
      runs(200),
    );
  });

  it('CA3 a value that was loaded or found before a write of its key is not stored after it', async () => {
    // The truth is a number that only grows; each writer makes it grow and then tells the cache, by a deletion or a new
    // value. Whoever reads once all is quiet must get the truth, or nothing.
    const action = fc.constantFrom('get', 'load', 'delete', 'set');
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(action, { minLength: 2, maxLength: 7 }),
        fc.boolean(),
        async (scheduler, actions, warm) => {
          const levels = ['l1', 'l2'].map((name) => new SlowLevel(scheduler, name));
          const cache = new MultiLevelCache(levels[0]!, levels[1], undefined, { onError: throwing });
          let truth = 0;
          const load = async () => {
            const seen = truth;
            await scheduler.schedule(Promise.resolve(), 'load');
            return seen;
          };
          if (warm) await MemoryCacheProvider.prototype.set.call(levels[1], 'key', 0);
          const all = Promise.all(
            actions.map(async (what) => {
              await scheduler.schedule(Promise.resolve(), `begin ${what}`);
              if (what === 'get') await cache.get('key');
              else if (what === 'load') await cache.getOrLoad('key', load);
              else {
                truth++;
                if (what === 'delete') await cache.delete('key');
                else await cache.set('key', truth);
              }
            }),
          );
          await scheduler.waitFor(all);
          for (const level of levels) {
            const entry = await MemoryCacheProvider.prototype.getEntry.call(level, 'key');
            if (entry) expect(entry.value).toBe(truth);
          }
        },
      ),
      runs(400),
    );
  });

  it('CA3 who asks after a write waits for a new load, not for the one that began before it', async () => {
    const cache = new MultiLevelCache(new MemoryCacheProvider());
    let finishFirst = (_value: string) => {};
    const first = cache.getOrLoad('key', () => new Promise<string>((resolve) => (finishFirst = resolve)));
    await new Promise((resolve) => setImmediate(resolve));
    await cache.delete('key');
    expect(await cache.getOrLoad('key', () => 'new')).toBe('new');
    finishFirst('old');
    expect(await first).toBe('old');
    expect(await cache.get('key')).toBe('new');
  });

  it('CA6 null can be cached: it is loaded once, and told from nothing', async () => {
    const cache = new MultiLevelCache(new MemoryCacheProvider(), new MemoryCacheProvider());
    let loads = 0;
    const load = () => {
      loads++;
      return null;
    };
    expect(await cache.getEntry('key')).toBeUndefined();
    expect([await cache.getOrLoad('key', load), await cache.getOrLoad('key', load)]).toEqual([null, null]);
    expect(loads).toBe(1);
    expect(await cache.getEntry('key')).toMatchObject({ value: null });
  });
});
