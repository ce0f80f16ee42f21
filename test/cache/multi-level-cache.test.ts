import { describe, expect, it } from 'vitest';
import { CacheLevelError } from '../../src/cache/errors.ts';
import { MemoryCacheProvider } from '../../src/cache/memory-cache-provider.ts';
import { MultiLevelCache } from '../../src/cache/multi-level-cache.ts';
import { ClosedError, InvalidArgumentError } from '../../src/core/errors.ts';

class BrokenLevel extends MemoryCacheProvider {
  override getEntry(): Promise<never> {
    return Promise.reject(new Error('down'));
  }
  override set(): Promise<never> {
    return Promise.reject(new Error('down'));
  }
  override delete(): Promise<never> {
    return Promise.reject(new Error('down'));
  }
}

describe('MultiLevelCache', () => {
  it('answers past a level that is down, and reports it', async () => {
    const errors: unknown[] = [];
    const bottom = new MemoryCacheProvider();
    const cache = new MultiLevelCache(new MemoryCacheProvider(), new BrokenLevel(), bottom, {
      onError: (error) => errors.push(error),
    });
    await bottom.set('key', 1);
    expect(await cache.get('key')).toBe(1);
    expect(await cache.getOrLoad('cold', () => 2)).toBe(2);
    expect(await bottom.get('cold')).toBe(2);
    expect(errors.map((error) => (error as CacheLevelError).operation)).toEqual(['get', 'set', 'get', 'set']);
    expect(errors[0]).toMatchObject({ code: 'CACHE_LEVEL_FAILED', level: 2, key: 'key' });
  });

  it('says so when a level can not forget, and makes the others forget', async () => {
    const top = new MemoryCacheProvider();
    const cache = new MultiLevelCache(top, new BrokenLevel());
    await top.set('key', 1);
    await expect(cache.delete('key')).rejects.toThrow(CacheLevelError);
    expect(await top.getEntry('key')).toBeUndefined();
    await expect(cache.set('key', 2)).rejects.toThrow(CacheLevelError);
  });

  it('a waiter that gives up does not disturb the others', async () => {
    const cache = new MultiLevelCache(new MemoryCacheProvider());
    let finish = (_value: number) => {};
    const load = () => new Promise<number>((resolve) => (finish = resolve));
    const controller = new AbortController();
    const impatient = cache.getOrLoad('key', load, { signal: controller.signal });
    const patient = cache.getOrLoad('key', load);
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    finish(1);
    expect(await patient).toBe(1);
  });

  it('does not cache what is no JSON value, nor a failure', async () => {
    const cache = new MultiLevelCache(new MemoryCacheProvider());
    await expect(cache.getOrLoad('key', () => undefined as never)).rejects.toThrow(InvalidArgumentError);
    await expect(cache.getOrLoad('key', () => Promise.reject(new Error('load')))).rejects.toThrow('load');
    expect(await cache.getOrLoad('key', () => 1)).toBe(1);
  });

  it('answers nothing after close', async () => {
    const cache = new MultiLevelCache(new MemoryCacheProvider());
    await cache.close();
    await expect(cache.get('key')).rejects.toThrow(ClosedError);
    await expect(cache.set('key', 1)).rejects.toThrow(ClosedError);
  });
});
