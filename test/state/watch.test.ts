import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ClosedError, InvalidArgumentError } from '../../src/core/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { WatchedVersion } from '../../src/state/watch-versions.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { collect } from './collect.ts';
import { freshIds, testStores } from './stores.ts';

/** The next so many of what is watched. */
async function next(watch: AsyncGenerator<WatchedVersion<number>>, count: number) {
  const found: (readonly [string, number, number | undefined])[] = [];
  while (found.length < count) {
    const { value } = await watch.next();
    const { aggregateId, version, state } = value!.version;
    found.push([aggregateId, version, state]);
  }
  return found;
}

describe.each(testStores('watch'))('watching on $kind', ({ create }) => {
  it('tells every version in the order of the commits, from where it is told to begin', async () => {
    const of = freshIds();
    const mvcc = new MVCCController<number>({ store: create() });
    const after = await mvcc.lastSequence();
    await mvcc.writeVersion(of('b'), 1);
    const transaction = mvcc.begin();
    await transaction.write(of('c'), 1);
    await transaction.write(of('a'), 1);
    await transaction.commit();
    await mvcc.delete(of('b'));
    const watch = mvcc.watch({ prefix: of.prefix, after });
    const found = await next(watch, 4);
    expect(found.slice(1, 3).sort()).toEqual([
      [of('a'), 1, 1],
      [of('c'), 1, 1],
    ]);
    expect([found[0], found[3]]).toEqual([
      [of('b'), 1, 1],
      [of('b'), 2, undefined],
    ]);
    await watch.return();
    const { sequence } = (await mvcc.watch({ prefix: of('b'), after }).next()).value!;
    expect(await next(mvcc.watch({ prefix: of.prefix, after: sequence }), 2)).toEqual(found.slice(1, 3));
  });

  it('who stops amid the versions of a commit, and goes on, misses none', async () => {
    const of = freshIds();
    const mvcc = new MVCCController<number>({ store: create() });
    let seen = await mvcc.lastSequence();
    const transaction = mvcc.begin();
    for (const id of ['a', 'b', 'c']) await transaction.write(of(id), 1);
    await transaction.commit();
    await mvcc.writeVersion(of('d'), 1);
    const told = new Set<string>();
    for (let tries = 0; tries < 4; tries++) {
      let count = 0;
      for await (const { version, after } of mvcc.watch({ prefix: of.prefix, after: seen })) {
        told.add(version.aggregateId);
        seen = after;
        if (++count > tries || version.aggregateId === of('d')) break;
      }
    }
    expect([...told].sort()).toEqual(['a', 'b', 'c', 'd'].map(of));
    // Of one aggregate there is one version in a commit.
    const only = (await mvcc.watch({ aggregateId: of('a'), after: 0 }).next()).value!;
    expect(only.after).toBe(only.sequence);
  });

  it('tells one aggregate alone, and pages through many commits', async () => {
    const of = freshIds();
    const mvcc = new MVCCController<number>({ store: create() });
    const after = await mvcc.lastSequence();
    for (let n = 1; n <= 130; n++) await mvcc.writeVersion(of(n % 10 === 0 ? 'a' : 'ab'), n);
    const found = await next(mvcc.watch({ aggregateId: of('a'), after }), 13);
    expect(found.map(([, , state]) => state)).toEqual(Array.from({ length: 13 }, (_, index) => (index + 1) * 10));
  });

  it('wakes at once by a commit of its controller, and by asking for those of others', async () => {
    const of = freshIds();
    const clock = new FakeClock(Date.parse('2030-01-01'));
    const store = create();
    const [here, there] = [new MVCCController<number>({ store, clock }), new MVCCController<number>({ store, clock })];
    const watch = here.watch({ prefix: of.prefix, pollIntervalMs: 1000 });
    const first = next(watch, 1);
    await until(() => clock.pending === 1);
    await here.writeVersion(of('a'), 1);
    expect(await first).toEqual([[of('a'), 1, 1]]);
    let second: unknown;
    const seen = next(watch, 1).then((found) => {
      second = found;
    });
    await until(() => clock.pending === 1);
    await there.writeVersion(of('b'), 2);
    await clock.advance(999);
    expect(second).toBeUndefined();
    await clock.advance(1);
    await seen;
    expect(second).toEqual([[of('b'), 1, 2]]);
    await watch.return();
    expect(clock.pending).toBe(0);
  });

  it('ends by the signal, by break, and when the controller is closed', async () => {
    const of = freshIds();
    const clock = new FakeClock(Date.parse('2030-01-01'));
    const mvcc = new MVCCController<number>({ store: create(), clock });
    const controller = new AbortController();
    const watching = collect(mvcc.watch({ prefix: of.prefix, signal: controller.signal }));
    const aborted = expect(watching).rejects.toThrow('enough');
    await until(() => clock.pending === 1);
    controller.abort(new Error('enough'));
    await aborted;
    expect(clock.pending).toBe(0);
    await mvcc.writeVersion(of('a'), 1);
    for await (const { version } of mvcc.watch({ prefix: of.prefix, after: 0 })) if (version.state === 1) break;
    expect(clock.pending).toBe(0);
    const closed = expect(collect(mvcc.watch())).rejects.toThrow(ClosedError);
    await until(() => clock.pending === 1);
    await mvcc.close();
    await closed;
    expect(clock.pending).toBe(0);
  });
});

it('misses no commit that comes between looking and waiting, and leaves nothing on its signal', async () => {
  const store = new MemoryVersionStore();
  const clock = new FakeClock();
  const mvcc = new MVCCController<number>({ store, clock });
  const lastSequence = store.lastSequence.bind(store);
  let n = 0;
  store.lastSequence = async () => {
    const last = await lastSequence();
    if (++n <= 3) await mvcc.writeVersion('a', n);
    return last;
  };
  const { signal } = new AbortController();
  const watch = mvcc.watch({ after: 0, signal });
  expect(await next(watch, 3)).toEqual([
    ['a', 1, 1],
    ['a', 2, 2],
    ['a', 3, 3],
  ]);
  const waiting = next(watch, 1);
  await until(() => clock.pending === 1);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await mvcc.writeVersion('a', 4);
  expect(await waiting).toEqual([['a', 4, 4]]);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  await watch.return();
});

it('refuses to watch what can not be', async () => {
  const mvcc = new MVCCController<number>();
  for (const wrong of [
    { after: -1 },
    { pollIntervalMs: 0 },
    { aggregateId: '' },
    { prefix: '\0' },
    { prefix: 7 as never },
  ]) {
    await expect(mvcc.watch(wrong).next()).rejects.toThrow(InvalidArgumentError);
  }
});

/** Lets others go on until it holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
