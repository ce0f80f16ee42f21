import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { backupEvents } from '../../src/events/backup-events.ts';
import { copyEvents } from '../../src/events/copy-events.ts';
import { epochsName, epochsOf } from '../../src/events/epochs.ts';
import type { CheckpointEpochError } from '../../src/events/errors.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { restoreEvents } from '../../src/events/restore-events.ts';
import { withCalls } from '../invariants/models/killed-adapter.ts';
import { runs } from '../invariants/runs.ts';

interface Life {
  readonly adapter: EventAdapter;
  readonly store: EventStore;
  /** The ids of its events, in order. */
  readonly ids: string[];
  /** What it was copied from. */
  readonly from?: Life;
}

const lifeOn = (adapter: EventAdapter, ids: string[] = []): Life => ({
  adapter,
  store: new EventStore({ adapter }),
  ids,
});

async function grow({ store, ids }: Life): Promise<void> {
  const id = crypto.randomUUID();
  await store.append('s', [{ id, type: 't', data: null }]);
  ids.push(id);
}

async function restored({ adapter, ids }: Life): Promise<Life> {
  const lines: string[] = [];
  for await (const line of backupEvents(adapter)) lines.push(line);
  const other = new MemoryEventAdapter();
  await restoreEvents(other, lines);
  return lifeOn(other, [...ids]);
}

async function copied(from: Life): Promise<Life> {
  const other = new MemoryEventAdapter();
  await copyEvents(from.adapter, other);
  return { ...lifeOn(other, [...from.ids]), from };
}

/** Goes on with a copy, which is refused if it was written to since, or if what it was copied from has not all of it. */
async function copiedOn({ adapter, ids, from }: Life): Promise<void> {
  if (!from) return;
  const isCopy = ids.every((id, index) => id === from.ids[index]);
  const copying = copyEvents(from.adapter, adapter);
  if (!isCopy) return expect(copying).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await copying;
  ids.push(...from.ids.slice(ids.length));
}

const refused = { code: 'CHECKPOINT_OF_ANOTHER_EPOCH' };

describe('checkpoints kept outside of the store', () => {
  it('are only taken where the same events are up to there, and always in the life that gave them', async () => {
    const step = fc.record({
      do: fc.constantFrom('grow', 'grow', 'restore', 'copy', 'copy on', 'copy on', 'checkpoint', 'checkpoint'),
      life: fc.nat(99),
      back: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        const lives = [lifeOn(new MemoryEventAdapter())];
        const given: { checkpoint: string; life: Life; seen: string }[] = [];
        for (const each of steps) {
          const life = lives[each.life % lives.length]!;
          if (each.do === 'grow') await grow(life);
          else if (each.do === 'restore') lives.push(await restored(life));
          else if (each.do === 'copy') lives.push(await copied(life));
          else if (each.do === 'copy on') await copiedOn(life);
          else {
            const position = Math.max(0, life.ids.length - each.back);
            const checkpoint = await life.store.checkpointOf(position);
            given.push({ checkpoint, life, seen: life.ids.slice(0, position).join() });
          }
        }
        for (const { checkpoint, life, seen } of given) {
          for (const other of lives) {
            const position = await other.store.positionOf(checkpoint).catch((error: { code: string }) => {
              expect(error).toMatchObject(refused);
              return undefined;
            });
            if (other === life) expect(position).toBeDefined();
            if (position !== undefined) expect(other.ids.slice(0, position).join()).toBe(seen);
          }
        }
      }),
      runs(200),
    );
  });

  it('that come with events are of what was read, also if the store is set back while it is', async () => {
    const step = fc.record({
      grown: fc.integer({ min: 0, max: 3 }),
      setBack: fc.nat(5),
      batchSize: fc.constantFrom(1, 2, 500),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let life = lifeOn(new MemoryEventAdapter());
        const storage = withCalls(
          () => life.adapter,
          async (call) => {
            const next = script.shift();
            if (next?.setBack === 0) life = await restored(backups[script.length % backups.length]!);
            if (next) for (let n = 0; n < next.grown; n++) await grow(life);
            return call();
          },
        );
        for (let n = 0; n < 4; n++) await grow(life);
        // Made before, each of another moment.
        const backups = [await restored(life)];
        await grow(life);
        backups.push(await restored(life));
        const script = [...steps];
        const store = new EventStore({ adapter: storage });
        // A reader keeps what it saw elsewhere, each with its checkpoint; refused, it goes back to what is shared.
        let seen: { readonly id: string; readonly checkpoint: string }[] = [];
        for (let round = 0, isThrough = false; !isThrough; round++) {
          const isLast = script.length === 0;
          const after = seen.at(-1)?.checkpoint ?? 0;
          const batchSize = steps[round % steps.length]?.batchSize ?? 500;
          try {
            for await (const { event, checkpoint } of store.readAllWithCheckpoints({ after, batchSize })) {
              seen.push({ id: event.id, checkpoint });
            }
            isThrough = isLast;
          } catch (error) {
            expect(error).toMatchObject(refused);
            seen = seen.slice(0, (error as CheckpointEpochError).sharedUpTo);
          }
        }
        expect(seen.map(({ id }) => id)).toEqual(life.ids);
        await expect(store.readAllWithCheckpoints({ after: 'none' }).next()).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      }),
      runs(300),
    );
  });

  it('come with as many events as were asked for, also where a life begins meanwhile', async () => {
    const { store, adapter, ids } = lifeOn(new MemoryEventAdapter());
    for (let n = 0; n < 5; n++) await grow({ store, adapter, ids });
    const read: string[] = [];
    for await (const { event, checkpoint } of store.readAllWithCheckpoints({ limit: 3, batchSize: 1 })) {
      read.push(event.id);
      expect(await store.positionOf(checkpoint)).toBe(event.position);
      if (read.length === 2) await store.beginEpoch();
    }
    expect(read).toEqual(ids.slice(0, 3));
  });

  it('of before a backup go on in what is restored from it; those of after it are refused', async () => {
    const one = lifeOn(new MemoryEventAdapter());
    for (let n = 0; n < 3; n++) await grow(one);
    const before = await one.store.checkpointOf(3);
    const two = await restored(one);
    await grow(one);
    const after = await one.store.checkpointOf(4);
    await grow(two);
    await grow(two);
    expect((await two.store.readAll({ after: before }).toArray()).map(({ id }) => id)).toEqual(two.ids.slice(3));
    await expect(two.store.readAll({ after }).toArray()).rejects.toMatchObject({
      ...refused,
      position: 4,
      sharedUpTo: 3,
    });
    await expect(one.store.positionOf(await two.store.checkpointOf(5))).rejects.toMatchObject({ sharedUpTo: 0 });
    expect(await two.store.positionOf(await two.store.checkpointOf(5))).toBe(5);
  });

  it('of a life that was set back twice end where the least of it was left', async () => {
    const one = lifeOn(new MemoryEventAdapter());
    for (let n = 0; n < 9; n++) await grow(one);
    const checkpoint = await one.store.checkpointOf(7);
    const state = (await one.adapter.loadCheckpoint(epochsName))!.state;
    const epochs = [...JSON.parse(state).epochs, 'two:8', 'three:5'];
    await one.adapter.saveCheckpoint(epochsName, { position: 5, state: JSON.stringify({ epochs }) });
    await expect(one.store.positionOf(checkpoint)).rejects.toMatchObject({ sharedUpTo: 5 });
    expect(await one.store.positionOf('two:5')).toBe(5);
    await expect(one.store.positionOf('two:6')).rejects.toMatchObject(refused);
  });

  it('of before and during a copy go on in the copy, those of after it do not', async () => {
    const one = lifeOn(new MemoryEventAdapter());
    const target = new MemoryEventAdapter();
    await grow(one);
    await copyEvents(one.adapter, target);
    const own = await new EventStore({ adapter: target }).checkpointOf(1);
    await grow(one);
    const during = await one.store.checkpointOf(2);
    await copyEvents(one.adapter, target);
    await grow(one);
    const after = await one.store.checkpointOf(3);
    const two = new EventStore({ adapter: target });
    const check = async () => {
      expect(await two.positionOf(own)).toBe(1);
      expect(await two.positionOf(during)).toBe(2);
    };
    await check();
    await expect(two.positionOf(after)).rejects.toMatchObject(refused);
    // Nothing new is copied by the second one.
    for (let n = 0; n < 2; n++) await copyEvents(one.adapter, target);
    await check();
    expect(await two.positionOf(after)).toBe(3);
  });

  it('are refused once the storage tells that it was set back, or the caller does', async () => {
    let life: string | undefined = 'one';
    const adapter = Object.assign(new MemoryEventAdapter(), { life: async () => life });
    const one = lifeOn(adapter);
    await grow(one);
    await grow(one);
    const early = await one.store.checkpointOf(2);
    await grow(one);
    const late = await one.store.checkpointOf(3);
    life = undefined;
    expect(await one.store.checkpointOf(3)).toBe(late);

    // As if the third had been lost with the server that was taken over from, and another one came since.
    const event = { type: 't', data: null };
    const left = { position: 2, state: (await adapter.loadCheckpoint(epochsName))!.state };
    const takenOver = Object.assign(new MemoryEventAdapter(), { life: async () => life });
    await takenOver.importEvents(await adapter.readAll({ after: 0, limit: 2 }));
    await takenOver.saveCheckpoint(epochsName, left);
    life = 'two';
    const two = new EventStore({ adapter: takenOver });
    await two.append('s', [event]);
    await expect(two.positionOf(late)).rejects.toMatchObject({ ...refused, sharedUpTo: 2 });
    expect(await two.positionOf(early)).toBe(2);

    await two.beginEpoch();
    const own = await two.checkpointOf(3);
    await two.append('s', [event]);
    await two.beginEpoch();
    expect(await two.positionOf(own)).toBe(3);
    await expect(two.positionOf(own.replace(/3$/, '5'))).rejects.toMatchObject({ sharedUpTo: 4 });
  });

  it('of processes that ask for the first time at once are of one life', async () => {
    const adapter = new MemoryEventAdapter();
    const all = await Promise.all(Array.from({ length: 8 }, () => epochsOf(adapter)));
    expect(new Set(all.map((epochs) => epochs[0]!.id)).size).toBe(1);
  });

  it('are not kept for a store that nobody asks for one', async () => {
    // Nor is the storage asked for its life, for which the caller's role may lack the right.
    const life = () => Promise.reject(new Error('permission denied'));
    const adapter = Object.assign(new MemoryEventAdapter(), { life });
    await grow(lifeOn(adapter));
    expect(await adapter.listCheckpoints('')).toEqual([]);
  });

  it('that are none are refused as such', async () => {
    const life = lifeOn(new MemoryEventAdapter());
    const { store, adapter } = life;
    for (const wrong of ['', '7', 'a:b', 'a:-1', 'a:1.5', 'a:99999999999999999999', ':1']) {
      await expect(store.positionOf(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await grow(life);
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
      await expect(store.readAllWithCheckpoints({ after: wrong }).next()).rejects.toMatchObject({
        argument: 'options.after',
      });
    }
    for (const wrong of [-1, 0.5, 2, Number.NaN, 2 ** 53]) {
      await expect(store.checkpointOf(wrong)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        argument: 'position',
      });
    }
    expect(await store.positionOf(await store.checkpointOf(1))).toBe(1);
    for (const epochs of ['"a:1"', '[]', '[1]', '["a"]']) {
      await adapter.saveCheckpoint(epochsName, { position: 0, state: `{"epochs":${epochs}}` });
      await expect(store.checkpointOf(1)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    }
  });
});
