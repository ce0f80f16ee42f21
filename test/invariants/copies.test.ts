import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { compareEvents, copyEvents } from '../../src/events/copy-events.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { restoreEvents } from '../../src/events/restore-events.ts';
import { apply, type Change, change, changes, grow, linesOf, storeOf } from './arbitraries/store-changes.ts';
import { killedAtWrite, unlessKilled, withCalls } from './models/killed-adapter.ts';
import { runs } from './runs.ts';

/** A storage that is set back to a backup of it, to go on from there. */
class SetBackSource {
  #now: EventAdapter;
  #backup: readonly string[] | undefined;
  /** As its users see it, whatever storage it is. */
  readonly adapter: EventAdapter;
  timesSetBack = 0;

  constructor(now: EventAdapter, between: () => Promise<void>) {
    this.#now = now;
    this.adapter = withCalls(
      () => this.#now,
      async (call) => {
        await between();
        return call();
      },
    );
  }

  get now(): EventAdapter {
    return this.#now;
  }

  async backUp(): Promise<void> {
    this.#backup = await linesOf(this.#now);
  }

  async setBack(): Promise<void> {
    if (!this.#backup) return;
    const restored = new MemoryEventAdapter();
    await restoreEvents(restored, this.#backup);
    this.#now = restored;
    this.timesSetBack++;
  }
}

const happening = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 6, arbitrary: change },
  { weight: 2, arbitrary: fc.constant('kill' as const) },
  { weight: 1, arbitrary: fc.constant('back up' as const) },
  { weight: 2, arbitrary: fc.constant('set back' as const) },
);

const refused = { code: expect.stringMatching(/^(CHECKPOINT_OF_ANOTHER_EPOCH|INVALID_ARGUMENT)$/) };

/** All that a store holds. */
const contentOf = async (adapter: EventAdapter) => [
  await adapter.readAll({ after: 0, limit: 5000 }),
  await adapter.listStreams({ limit: 5000 }),
  (await adapter.listCheckpoints('')).map(({ name, state }) => [name, state]),
];

const event = (n: number) => ({ id: `own ${n}`, type: 't', data: '1', encoding: 'json', metadata: '{}', timestamp: 1 });

describe('a live copy', () => {
  it('equals its source or is refused, whenever the source was set back, or somebody wrote to the copy', async () => {
    await fc.assert(
      fc.asyncProperty(
        changes,
        fc.array(happening, { maxLength: 60 }),
        fc.integer({ min: 0, max: 6 }),
        async (all, happenings, intrudedAt) => {
          const script = [...happenings];
          const between = async () => {
            const next = script.shift();
            if (next === 'kill') throw new Error('killed');
            if (next === 'back up') await source.backUp();
            else if (next === 'set back') await source.setBack();
            else if (next) await apply(source.now, next as Change);
          };
          const source = new SetBackSource(await storeOf(all), between);
          const target = new MemoryEventAdapter();
          const targetKilled = withCalls(
            () => target,
            async (call) => {
              await between();
              return call();
            },
          );
          let intrusions = 0;
          for (let calls = 0; script.length > 0; calls++) {
            if (calls === intrudedAt) {
              const events = [{ ...event(intrusions++), tags: [] }];
              await target.append([{ stream: 'intruder', expectedVersion: 'any', events }]);
            }
            const outcome = await unlessKilled(copyEvents(source.adapter, targetKilled)).catch((error) => error);
            if (outcome === true) expect(intrusions).toBe(0);
            if (typeof outcome === 'boolean') continue;
            expect(outcome).toMatchObject(refused);
            expect(source.timesSetBack + intrusions).toBeGreaterThan(0);
            break;
          }
          script.length = 0;
          const before = await contentOf(target);
          const outcome = await copyEvents(source.now, target).catch((error: unknown) => error);
          if (typeof outcome === 'number') {
            expect(intrusions).toBe(0);
            expect(await compareEvents(source.now, target)).toBeUndefined();
          } else {
            expect(outcome).toMatchObject(refused);
            expect(source.timesSetBack + intrusions).toBeGreaterThan(0);
            expect(await contentOf(target)).toEqual(before);
          }
        },
      ),
      runs(500),
    );
  });

  it('that was killed at any write goes on, whatever was removed in the source meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 499, 500, 1001),
        changes,
        changes,
        fc.constantFrom('before' as const, 'after' as const),
        fc.integer({ min: 1, max: 4 }),
        async (bulk, all, meanwhile, when, again) => {
          for (let nth = 1, killed = true; killed; nth++) {
            const source = await storeOf(all);
            await grow(source, bulk);
            const target = new MemoryEventAdapter();
            killed = !(await unlessKilled(copyEvents(source, killedAtWrite(target, nth, when))));
            for (const each of meanwhile) await apply(source, each);
            await unlessKilled(copyEvents(source, killedAtWrite(target, again, when)));
            await copyEvents(source, target);
            expect(await compareEvents(source, target)).toBeUndefined();
          }
        },
      ),
      runs(12),
    );
  });
});
