import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { Clock } from '../../src/core/clock.ts';
import { type ExpectedVersion, meetsExpectedVersion } from '../../src/core/expected-version.ts';
import { commandHandler } from '../../src/events/command-handler.ts';
import type { Decider } from '../../src/events/decider.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { queryCommandHandler } from '../../src/events/query-command-handler.ts';
import { type Fault, FaultyEventAdapter } from '../events/faulty-event-adapter.ts';
import { runs } from './runs.ts';

const limit = 10;

/** What was added, in one event or in one for each; `before` is the total that it was decided on. */
type Added = { readonly type: 'added'; readonly data: { readonly by: number; readonly before: number } };

interface Add {
  readonly by: number;
  readonly inOnes: boolean;
  readonly tag?: string;
}

const added: Added = { type: 'added', data: { by: 1, before: 0 } };

class FullError extends Error {}

/** A counter that never goes over the limit. */
const counter: Decider<number, Add, Added> = {
  name: 'counter',
  initial: () => 0,
  evolve: (total, event) => total + event.data.by,
  async decide({ by, inOnes, tag }, total) {
    if (total + by > limit) throw new FullError();
    const tags = tag === undefined ? [] : [tag];
    if (!inOnes) return by === 0 ? undefined : { type: 'added', data: { by, before: total }, tags };
    return Array.from({ length: by }, (_, n) => ({ type: 'added', data: { by: 1, before: total + n }, tags }));
  },
};

const faults = fc.array(fc.constantFrom<Fault>('none', 'none', 'not stored', 'stored', 'stored later'), {
  maxLength: 10,
});
const commands = fc.array(fc.record({ by: fc.nat(3), inOnes: fc.boolean() }), { minLength: 1, maxLength: 7 });

/** Time that passes when the scheduler says so. */
const scheduledClock = (scheduler: fc.Scheduler): Clock => ({
  now: () => 0,
  schedule(run) {
    let wanted = true;
    void scheduler.schedule(Promise.resolve(), 'clock').then(() => wanted && run());
    return () => {
      wanted = false;
    };
  },
});

/** The outcome of each: its result, or `full`. */
async function settle<T>(scheduler: fc.Scheduler, calls: readonly Promise<T>[]): Promise<(T | 'full')[]> {
  const settled = Promise.all(
    calls.map((call) =>
      call.catch((error: unknown) => {
        if (error instanceof FullError) return 'full' as const;
        throw error;
      }),
    ),
  );
  await scheduler.waitFor(settled);
  // What is stored later still.
  await scheduler.waitIdle();
  return settled;
}

describe('commands', () => {
  it('CH1 CH2 each is decided on the state right before its events, and takes effect once, through lost answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), commands, faults, async (scheduler, asked, lost) => {
        const adapter = new FaultyEventAdapter(lost, scheduler);
        const clock = scheduledClock(scheduler);
        const snapshotStrategy = new IntervalSnapshotStrategy(2);
        const handlers = [1, 2].map(() => {
          const store = new EventStore<Added>({ adapter, snapshotStrategy });
          return commandHandler({ store, decider: counter, maxAttempts: 100, clock });
        });
        const calls = asked.map((command, index) => handlers[index % 2]!('s', command));
        const outcomes = await settle(scheduler, calls);

        const stored = await new EventStore<Added>({ adapter: adapter.bare() }).read('s').toArray();
        let total = 0;
        for (const event of stored) {
          expect(event.data.before).toBe(total);
          total += event.data.by;
          expect(total).toBeLessThanOrEqual(limit);
        }
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome === 'full') continue;
          const { events, version, position, state } = outcome;
          expect(events).toEqual(stored.slice(version - events.length, version));
          expect(events.reduce((sum, event) => sum + event.data.by, 0)).toBe(asked[index]!.by);
          expect(state).toBe(stored.slice(0, version).reduce(counter.evolve, 0));
          expect(position).toBe(events.at(-1)?.position);
        }
        const ids = outcomes.flatMap((outcome) => (outcome === 'full' ? [] : outcome.events.map(({ id }) => id)));
        expect(ids.toSorted()).toEqual(stored.map(({ id }) => id).toSorted());
      }),
      runs(300),
    );
  });

  it('CH1 a command finds the version that an append finds, whatever has become of its stream', async () => {
    const expectation = fc.constantFrom<ExpectedVersion>('any', 'no_stream', 'stream_exists', 0, 1, 2, 3);
    const stream = fc.record({ events: fc.nat(3), before: fc.integer({ min: 1, max: 4 }) });
    await fc.assert(
      fc.asyncProperty(stream, expectation, fc.nat(2), async ({ events, before }, expectedVersion, by) => {
        const store = new EventStore<Added>({ adapter: new MemoryEventAdapter() });
        const decider = { ...counter, decide: () => Array.from({ length: by }, () => added) };
        const handle = commandHandler({ store, decider, backoff: { initialMs: 0 } });
        if (events > 0) {
          await store.append('s', Array<Added>(events).fill(added));
          await store.truncateStream('s', before);
        }
        const left = Math.max(0, events - before + 1);
        const outcome = await handle('s', { by, inOnes: true }, { expectedVersion }).catch((error: unknown) => error);
        if (meetsExpectedVersion(events, expectedVersion)) {
          expect(outcome).toMatchObject({ version: events + by, state: left + by });
        } else expect(outcome).toMatchObject({ code: 'CONCURRENCY_CONFLICT', actualVersion: events });
      }),
      runs(200),
    );
  });

  it('CH3 a command with an id is carried out once, however often and by whomever it is repeated', async () => {
    const repeated = fc.array(fc.record({ id: fc.nat(3), by: fc.integer({ min: 1, max: 3 }), inOnes: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), repeated, repeated, faults, async (scheduler, asked, again, lost) => {
        const adapter = new FaultyEventAdapter(lost, scheduler);
        const clock = scheduledClock(scheduler);
        const handlers = [1, 2].map(() => {
          const store = new EventStore<Added>({ adapter });
          return commandHandler({ store, decider: counter, maxAttempts: 100, clock });
        });
        const first = new Map<number, unknown>();
        for (const round of [asked, again]) {
          const calls = round.map((command, index) =>
            handlers[index % 2]!('s', command, { commandId: `c${command.id}` }),
          );
          for (const [index, outcome] of (await settle(scheduler, calls)).entries()) {
            const { id } = round[index]!;
            // Refused while another of the same id was not: what is repeated may be another command.
            if (outcome === 'full') continue;
            if (first.has(id)) expect(outcome).toEqual(first.get(id));
            first.set(id, outcome);
          }
        }
        const stored = await new EventStore<Added>({ adapter: adapter.bare() }).read('s').toArray();
        const carriedOut = [...first.values()] as { events: { id: string }[] }[];
        expect(carriedOut.flatMap(({ events }) => events.map(({ id }) => id)).toSorted()).toEqual(
          stored.map(({ id }) => id).toSorted(),
        );
        for (const [index, event] of stored.entries()) {
          expect(event.data.before).toBe(stored.slice(0, index).reduce(counter.evolve, 0));
        }
      }),
      runs(300),
    );
  });

  it('CH1 CH2 a command over a query is decided on all that matches, in whatever stream it is', async () => {
    const tagged = fc.array(
      fc.record({
        by: fc.nat(3),
        inOnes: fc.boolean(),
        tag: fc.constantFrom('a', 'b'),
        stream: fc.constantFrom('s', 't'),
      }),
      { minLength: 1, maxLength: 7 },
    );
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), tagged, faults, async (scheduler, asked, lost) => {
        const adapter = new FaultyEventAdapter(lost, scheduler);
        const clock = scheduledClock(scheduler);
        const handlers = [1, 2].map(() => {
          const store = new EventStore<Added>({ adapter });
          return queryCommandHandler({
            store,
            decider: counter,
            query: ({ tag }: (typeof asked)[number]) => [{ tags: [tag] }],
            stream: ({ stream }) => stream,
            maxAttempts: 100,
            clock,
          });
        });
        const outcomes = await settle(
          scheduler,
          asked.map((command, index) => handlers[index % 2]!(command)),
        );
        const all = await new EventStore<Added>({ adapter: adapter.bare() }).readAll().toArray();
        for (const tag of ['a', 'b']) {
          let total = 0;
          for (const event of all.filter(({ tags }) => tags.includes(tag))) {
            expect(event.data.before).toBe(total);
            total += event.data.by;
          }
          expect(total).toBeLessThanOrEqual(limit);
        }
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome === 'full') continue;
          const { tag } = asked[index]!;
          const upTo = all.filter(({ tags, position }) => tags.includes(tag) && position <= outcome.position);
          expect(outcome.state).toBe(upTo.reduce(counter.evolve, 0));
        }
        const ids = outcomes.flatMap((outcome) => (outcome === 'full' ? [] : outcome.events.map(({ id }) => id)));
        expect(ids.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      }),
      runs(300),
    );
  });
});
