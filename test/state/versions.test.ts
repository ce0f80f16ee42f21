// What the controller does with the versions of one aggregate: delete, look back, compare, go back.
import { describe, expect, it } from 'vitest';
import { ConcurrencyConflictError, InvalidArgumentError, SnapshotTooOldError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { applyJsonPatch } from '../../src/state/apply-json-patch.ts';
import { VersionNotFoundError } from '../../src/state/errors.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { collect } from './collect.ts';
import { freshIds, testStores } from './stores.ts';

/** Later than whatever the tests before it have written: the times of a storage never go back. */
let start = Date.parse('2030-01-01');
function begin(store: ReturnType<ReturnType<typeof testStores>[0]['create']>) {
  start += 1_000_000;
  const clock = new FakeClock(start);
  return {
    clock,
    at: (ms: number) => start + ms,
    mvcc: new MVCCController<JsonValue>({ store, clock }),
    id: freshIds()('a'),
  };
}

describe.each(testStores('versions'))('versions on $kind', ({ create }) => {
  it('MV1 a deletion is a version, after which the aggregate does not exist, and counting goes on', async () => {
    const { mvcc, id } = begin(create());
    await mvcc.writeVersion(id, 'one');
    expect(await mvcc.delete(id, 1)).toMatchObject({
      aggregateId: id,
      version: 2,
      deleted: true,
      state: undefined,
      checksum: undefined,
    });
    expect(await mvcc.readVersion(id)).toBeNull();
    expect(await mvcc.readVersion(id, 2)).toBeNull();
    expect((await mvcc.readVersion(id, 1))?.state).toBe('one');
    expect(await mvcc.latestVersion(id)).toBe(2);
    expect((await mvcc.writeVersion(id, 'three', 0)).version).toBe(3);
    const history = await collect(mvcc.history(id), ({ version, deleted, state }) => [version, deleted, state]);
    expect(history).toEqual([
      [1, false, 'one'],
      [2, true, undefined],
      [3, false, 'three'],
    ]);
  });

  it('MV3 deletes only what was expected, and nothing that is not there', async () => {
    const { mvcc, id } = begin(create());
    expect(await mvcc.delete(id)).toBeNull();
    await mvcc.writeVersion(id, 1);
    await expect(mvcc.delete(id, 2)).rejects.toThrow(ConcurrencyConflictError);
    await expect(mvcc.delete(id, 0)).rejects.toThrow(InvalidArgumentError);
    const deleted = await Promise.all([mvcc.delete(id), mvcc.delete(id), mvcc.delete(id)]);
    expect(deleted.filter((version) => version !== null)).toHaveLength(1);
    expect(await mvcc.latestVersion(id)).toBe(2);
  });

  it('reads the state as it was at a moment', async () => {
    const { clock, at, mvcc, id } = begin(create());
    await clock.advance(1000);
    await mvcc.writeVersion(id, 'one');
    await clock.advance(1000);
    await mvcc.delete(id);
    await clock.advance(1000);
    await mvcc.writeVersion(id, 'three');
    const states = [];
    for (const ms of [999, 1000, 1999.9, 2000, 2999, 3000, 9000]) states.push((await mvcc.readAsOf(id, at(ms)))?.state);
    expect(states).toEqual([undefined, 'one', 'one', undefined, undefined, 'three', 'three']);
    expect((await mvcc.readAsOf(id, new Date(at(1500))))?.version).toBe(1);
    expect(await mvcc.readAsOf('never', at(5000))).toBeNull();
    for (const wrong of [new Date('never'), NaN, 1e16, -1e300, null, undefined, '2030', {}]) {
      await expect(mvcc.readAsOf(id, wrong as never)).rejects.toThrow(InvalidArgumentError);
    }
    await mvcc.vacuum({ versions: 1 });
    await expect(mvcc.readAsOf(id, at(1500))).rejects.toThrow(SnapshotTooOldError);
  });

  it('says what changed between two versions, in either direction', async () => {
    const { mvcc, id } = begin(create());
    const [one, two] = [
      { a: [1, 2], b: 1 },
      { a: [1, 3, 2], c: 1 },
    ];
    await mvcc.writeVersion(id, one);
    await mvcc.writeVersion(id, two);
    const patch = await mvcc.diff(id, 1, 2);
    expect(patch).toEqual([
      { op: 'add', path: '/a/1', value: 3 },
      { op: 'remove', path: '/b' },
      { op: 'add', path: '/c', value: 1 },
    ]);
    expect(applyJsonPatch(one, patch)).toEqual(two);
    expect(applyJsonPatch(two, await mvcc.diff(id, 2, 1))).toEqual(one);
    await mvcc.delete(id);
    await expect(mvcc.diff(id, 1, 3)).rejects.toThrow(VersionNotFoundError);
    await expect(mvcc.diff(id, 4, 1)).rejects.toMatchObject({ aggregateId: id, version: 4 });
  });

  it('goes back by a new version, to a deletion too', async () => {
    const { mvcc, id } = begin(create());
    await mvcc.writeVersion(id, 'one');
    await mvcc.writeVersion(id, 'two');
    await mvcc.delete(id);
    expect(await mvcc.revertTo(id, 1)).toMatchObject({ version: 4, state: 'one' });
    await expect(mvcc.revertTo(id, 2, 3)).rejects.toThrow(ConcurrencyConflictError);
    expect(await mvcc.revertTo(id, 2, 4)).toMatchObject({ version: 5, state: 'two' });
    expect(await mvcc.revertTo(id, 3)).toMatchObject({ version: 6, deleted: true });
    expect(await mvcc.readVersion(id)).toBeNull();
    await expect(mvcc.revertTo(id, 7)).rejects.toThrow(VersionNotFoundError);
    await expect(mvcc.revertTo(id, 0)).rejects.toThrow(InvalidArgumentError);
  });

  it('MV5 keeps versions by age, and none that was replaced too recently', async () => {
    const { clock, mvcc, id } = begin(create());
    for (const n of [1, 2, 3, 4]) {
      await mvcc.writeVersion(id, n);
      await clock.advance(1000);
    }
    const kept = () => collect(mvcc.history(id), ({ version }) => version);
    await mvcc.vacuum({ versions: 1, graceMs: 2500 });
    expect(await kept()).toEqual([2, 3, 4]);
    await mvcc.vacuum({ ageMs: 1500 });
    expect(await kept()).toEqual([3, 4]);
    await mvcc.vacuum({ bytes: 0 });
    expect(await kept()).toEqual([4]);
    for (const wrong of [undefined as never, {}, { graceMs: 1 }, { versions: 0 }, { bytes: -1 }, { ageMs: 0.5 }]) {
      await expect(mvcc.vacuum(wrong)).rejects.toThrow(InvalidArgumentError);
    }
  });
  it('MV2 any version of a long history is found as of any commit and any moment, or is said to be removed', async () => {
    const store = create();
    const { clock, mvcc, id, at } = begin(store);
    const seen: { version: number; from: number; time: number }[] = [];
    for (let version = 1; version <= 40; version++) {
      // Several of one moment, and commits of others in between.
      if (version % 3 === 0) await clock.advance(10);
      if (version % 5 === 0) await mvcc.writeVersion(`${id}-other`, version);
      if (version % 11 === 0) await mvcc.delete(id);
      else await mvcc.writeVersion(id, version);
      seen.push({ version, from: await mvcc.lastSequence(), time: clock.now() });
    }
    const check = async (oldest: number) => {
      const first = seen[0]!.from;
      for (let sequence = first - 1; sequence <= seen.at(-1)!.from + 1; sequence++) {
        const expected = seen.findLast(({ from }) => from <= sequence)?.version ?? 0;
        const found = await store.read(id, { sequence }).catch((error: unknown) => error);
        if (oldest > 1 && expected < oldest) expect(found).toBeInstanceOf(SnapshotTooOldError);
        else expect((found as { version: number } | undefined)?.version ?? 0).toBe(expected);
        if (sequence % 3 > 0) continue;
        const page = await store.scan({ prefix: id, sequence, limit: 1 }).catch((error: unknown) => error);
        if (oldest > 1 && expected < oldest) expect(page).toBeInstanceOf(SnapshotTooOldError);
        else if (expected > 0 && expected % 11 > 0)
          expect(page).toMatchObject([{ aggregateId: id, version: expected }]);
      }
      for (const time of Array.from({ length: 30 }, (_, n) => at(Math.floor(n / 2) * 10 - (n % 2)))) {
        const expected = seen.findLast((each) => each.time <= time)?.version ?? 0;
        const found = await store.read(id, { time }).catch((error: unknown) => error);
        if (oldest > 1 && expected < oldest) expect(found).toBeInstanceOf(SnapshotTooOldError);
        else expect((found as { version: number } | undefined)?.version ?? 0).toBe(expected);
      }
    };
    await check(1);
    await store.vacuum({ horizon: await mvcc.lastSequence(), keepSince: seen[8]!.time });
    const kept = await store.history(id, { fromVersion: 1, limit: 1 });
    // The one that was the newest until then stays.
    expect(kept[0]!.version).toBe(8);
    await check(8);
  });
});
