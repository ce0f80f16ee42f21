import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { compareEvents, copyEvents } from '../../src/events/copy-events.ts';
import { epochsName } from '../../src/events/epochs.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { restoreEvents, verifyBackup } from '../../src/events/restore-events.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { apply, change, changes, grow, linesOf, storeOf } from './arbitraries/store-changes.ts';
import { killedAtWrite, unlessKilled } from './models/killed-adapter.ts';
import { runs } from './runs.ts';

/** All but those of the store's lives, which differ. */
const checkpointsOf = async (adapter: EventAdapter) =>
  (await adapter.listCheckpoints(''))
    .filter(({ name }) => name !== epochsName)
    .map(({ name, position, state }) => ({ name, position, state }));

async function sqlite<T>(work: (adapter: EventAdapter) => Promise<T>): Promise<T> {
  const db = openSqlite(':memory:');
  try {
    return await work(new SqliteEventAdapter(db));
  } finally {
    db.close();
  }
}

describe('backup and restore', () => {
  it('a restored store equals the one that was backed up, whatever holds them', async () => {
    await fc.assert(
      fc.asyncProperty(
        changes,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (all, from, to, size) => {
          const check = async (source: EventAdapter, target: EventAdapter) => {
            await storeOf(all, source);
            const text = Buffer.from((await linesOf(source)).join(''));
            const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
              text.subarray(n * size, (n + 1) * size),
            );
            expect(await restoreEvents(target, chunks)).toEqual(await verifyBackup([text]));
            expect(await compareEvents(source, target)).toBeUndefined();
            expect(await checkpointsOf(target)).toEqual(await checkpointsOf(source));
            // It goes on behind what it has.
            await apply(target, { do: 'append', stream: 'new', data: '1', tags: [], count: 1 } as never);
            expect(await compareEvents(source, target)).toMatch(/in the second only|stream "new" differs/);
          };
          const memory = () => new MemoryEventAdapter();
          if (from && to) await sqlite((source) => sqlite((target) => check(source, target)));
          else if (from) await sqlite((source) => check(source, memory()));
          else if (to) await sqlite((target) => check(memory(), target));
          else await check(memory(), memory());
        },
      ),
      runs(60),
    );
  });

  it('a backup of which anything was changed, moved, added or left out is refused', async () => {
    const damage = fc.record({
      how: fc.constantFrom('drop', 'swap', 'repeat', 'alter', 'cut', 'append'),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(changes, damage, async (all, { how, at }) => {
        const lines = await linesOf(await storeOf(all));
        const index = Math.floor(at * lines.length);
        const damaged = [...lines];
        const line = lines[index]!;
        if (how === 'drop') damaged.splice(index, 1);
        if (how === 'repeat') damaged.splice(index, 0, line);
        if (how === 'swap') damaged.splice(index, 2, ...lines.slice(index, index + 2).reverse());
        if (how === 'alter')
          damaged[index] = line.replace(/[0-9a-z](?=[^0-9a-z]*$)/, (found) => (found === '7' ? '8' : '7'));
        if (how === 'cut') damaged.splice(index, damaged.length, line.slice(0, Math.floor(line.length / 2)));
        if (how === 'append') damaged.push(lines[0]!);
        fc.pre(damaged.join('') !== lines.join(''));
        await expect(verifyBackup(damaged)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
        await expect(restoreEvents(new MemoryEventAdapter(), damaged)).rejects.toMatchObject({
          name: expect.stringMatching(/Error$/),
        });
      }),
      runs(200),
    );
  });

  it('a restore that was interrupted goes on when it is run again', async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.double({ min: 0, max: 1, noNaN: true }), async (all, at) => {
        const source = await storeOf(all);
        const lines = await linesOf(source);
        const target = new MemoryEventAdapter();
        async function* broken() {
          yield* lines.slice(0, Math.floor(at * lines.length));
          throw new Error('interrupted');
        }
        await expect(restoreEvents(target, broken())).rejects.toThrow();
        await restoreEvents(target, lines);
        expect(await compareEvents(source, target)).toBeUndefined();
        expect(await checkpointsOf(target)).toEqual(await checkpointsOf(source));
      }),
      runs(100),
    );
  });

  it('a restore that was killed at any write goes on when it is run again, and ends as one that was not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 0, 499, 500, 1001),
        changes,
        changes,
        fc.constantFrom('before' as const, 'after' as const),
        fc.integer({ min: 1, max: 4 }),
        async (bulk, all, meanwhile, when, again) => {
          const source = await storeOf(all);
          await grow(source, bulk);
          const script = [...meanwhile];
          const lines = await linesOf(source, async () => {
            const next = script.shift();
            // Up to where the pages of the backup end.
            if (next) await apply(source, next.do === 'truncate' ? { ...next, before: next.before * 120 } : next);
          });
          const undisturbed = new MemoryEventAdapter();
          await restoreEvents(undisturbed, lines);
          for (let nth = 1, killed = true; killed; nth++) {
            const target = new MemoryEventAdapter();
            killed = !(await unlessKilled(restoreEvents(killedAtWrite(target, nth, when), lines)));
            if (!killed) break;
            // That it is through is the last that is written: then there is nothing to go on with.
            const isBegun = async () =>
              (await target.loadCheckpoint('$restore')) ?? (await target.listStreams({ limit: 1 })).length === 0;
            if (await isBegun()) await unlessKilled(restoreEvents(killedAtWrite(target, again, when), lines));
            if (await isBegun()) await restoreEvents(target, lines);
            expect(await compareEvents(undisturbed, target)).toBeUndefined();
            expect(await checkpointsOf(target)).toEqual(await checkpointsOf(undisturbed));
          }
        },
      ),
      runs(12),
    );
  });

  it('a store that holds something else is refused, and left as it is', async () => {
    const lines = await linesOf(await storeOf([{ do: 'append', stream: 'a', data: '1', tags: [], count: 2 }]));
    const target = await storeOf([{ do: 'append', stream: 'b', data: '1', tags: [], count: 1 }]);
    await expect(restoreEvents(target, lines)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await target.readAll({ after: 0, limit: 9 })).toHaveLength(1);
    expect(await target.listCheckpoints('')).toEqual([]);
    await expect(verifyBackup([])).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  });
});

describe('a live copy', () => {
  it('equals its source once that is at rest, whatever happened to both meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        changes,
        fc.array(fc.record({ change: fc.option(change), killed: fc.boolean() }), { maxLength: 30 }),
        async (all, meanwhile) => {
          const source = await storeOf(all);
          const target = new MemoryEventAdapter();
          const script = [...meanwhile];
          /** Before each call of the copy something happens to the source, or the copy is killed. */
          const between = async () => {
            const next = script.shift();
            if (next?.change) await apply(source, next.change);
            if (next?.killed) throw new Error('killed');
          };
          const disturbed = (adapter: EventAdapter): EventAdapter =>
            new Proxy(adapter, {
              get: (own, key: keyof EventAdapter) => {
                const method = own[key] as ((...values: unknown[]) => unknown) | undefined;
                if (!method) return undefined;
                return async (...values: unknown[]) => {
                  await between();
                  return method.apply(own, values);
                };
              },
            });
          while (script.length > 0) {
            await copyEvents(disturbed(source), disturbed(target)).catch((error: Error) => {
              if (error.message !== 'killed') throw error;
            });
          }
          await copyEvents(source, target);
          expect(await compareEvents(source, target)).toBeUndefined();
        },
      ),
      runs(200),
    );
  });

  it('goes on where a stream was truncated before its events were copied', async () => {
    const source = await storeOf([{ do: 'append', stream: 'a', data: '1', tags: [], count: 3 }]);
    const target = new MemoryEventAdapter();
    await copyEvents(source, target);
    await apply(source, { do: 'append', stream: 'a', data: '1', tags: [], count: 3 });
    await apply(source, { do: 'truncate', stream: 'a', before: 6 });
    expect(await copyEvents(source, target)).toBe(1);
    expect(await compareEvents(source, target)).toBeUndefined();
  });
});
