// Buses that hear each other through a channel, whose sends and deliveries the scheduler puts in any order it may have.
import fc, { type Scheduler } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventTransport } from '../../src/adapters/memory/memory-event-transport.ts';
import { EventsMissedError } from '../../src/events/bus-errors.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import type { EventTransport, TransportListener } from '../../src/events/event-transport.ts';
import { runs } from './runs.ts';

class Happened extends DomainEvent {
  readonly by: number;

  constructor(aggregateId: string, by: number) {
    super('happened', aggregateId);
    this.by = by;
  }
}

/** What becomes of a text on its way. */
type Fate = 'heard' | 'repeated' | 'lost';

/** One process's way to the channel: each of its texts, and what each listener hears, takes its time, in order. */
class ScheduledTransport implements EventTransport {
  readonly #channel: EventTransport;
  readonly #scheduler: Scheduler;
  readonly #fates: Fate[];
  readonly #sent: string[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  /** Texts that nobody heard. */
  readonly lost: string[] = [];

  constructor(channel: EventTransport, scheduler: Scheduler, fates: readonly Fate[]) {
    this.#channel = channel;
    this.#scheduler = scheduler;
    this.#fates = [...fates];
  }

  send(text: string): Promise<void> {
    const sent = this.#tail.then(async () => {
      await this.#scheduler.schedule(Promise.resolve(), 'send');
      const fate = this.#fates.shift();
      if (fate === 'lost') {
        this.lost.push(text);
        return;
      }
      this.#sent.push(text);
      await this.#channel.send(text);
      // As a client does that lost its connection before it heard what had become of the last few.
      if (fate === 'repeated') for (const again of this.#sent.slice(-3)) await this.#channel.send(again);
    });
    this.#tail = sent;
    return sent;
  }

  listen({ hear, onError }: TransportListener): Promise<() => Promise<void>> {
    let tail: Promise<unknown> = Promise.resolve();
    const later = (text: string) => {
      tail = tail.then(() => this.#scheduler.schedule(Promise.resolve(), 'hear')).then(() => hear(text));
    };
    return this.#channel.listen({ hear: later, onError });
  }
}

interface Plan {
  readonly by: number;
  readonly aggregate: string;
  /** What the publisher's own handler publishes in turn. */
  readonly inner: readonly { readonly aggregate: string }[];
}

const busCount = 3;
const aggregate = fc.constantFrom('a', 'b');
const plans = fc.array(
  fc.record({
    by: fc.nat({ max: busCount - 1 }),
    aggregate,
    inner: fc.array(fc.record({ aggregate }), { maxLength: 1 }),
  }),
  { minLength: 1, maxLength: 5 },
);

/** Lets the buses publish all that is planned, in any order, and gives what each handled and was told. */
async function play(scheduler: Scheduler, all: readonly Plan[], fates: readonly (readonly Fate[])[]) {
  const channel = new MemoryEventTransport();
  const planned = new Map<string, Plan>();
  const members = Array.from({ length: busCount }, (_, index) => {
    const transport = new ScheduledTransport(channel, scheduler, fates[index]!);
    const begun: Happened[] = [];
    const log: { readonly event: Happened; readonly begins: boolean }[] = [];
    const errors: unknown[] = [];
    const bus = new EventBus<Happened>({ transport, onError: (error) => errors.push(error) });
    bus.subscribe('*', {
      handle: async (event) => {
        begun.push(event);
        log.push({ event, begins: true });
        await scheduler.schedule(Promise.resolve(), 'handle');
        if (event.by === index) {
          for (const inner of planned.get(event.id)?.inner ?? []) {
            await bus.publish(new Happened(inner.aggregate, index));
          }
        }
        log.push({ event, begins: false });
      },
    });
    return { bus, transport, begun, log, errors };
  });
  await Promise.all(members.map(({ bus }) => bus.init()));
  const published = Promise.all(
    all.map(async (plan) => {
      await scheduler.schedule(Promise.resolve(), 'publish');
      const event = new Happened(plan.aggregate, plan.by);
      planned.set(event.id, plan);
      await members[plan.by]!.bus.publish(event);
    }),
  );
  await scheduler.waitFor(published);
  await scheduler.waitIdle();
  await Promise.all(members.map(({ bus }) => bus.close()));
  return members;
}

const idsOf = (events: readonly Happened[], by: number, aggregateId: string) =>
  events.filter((event) => event.by === by && event.aggregateId === aggregateId).map(({ id }) => id);

describe('the event bus', () => {
  it('EB1 each event comes to each bus exactly once, and in the order of its publisher and aggregate', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('heard', 'heard', 'repeated'), { maxLength: 8 });
    const allFates = fc.tuple(fates, fates, fates);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plans, allFates, async (scheduler, all, fatesOf) => {
        const members = await play(scheduler, all, fatesOf);
        const total = all.length + all.flatMap(({ inner }) => inner).length;
        for (const [at, { begun, log, errors }] of members.entries()) {
          expect(errors).toEqual([]);
          expect(new Set(begun.map(({ id }) => id)).size).toBe(total);
          expect([begun.length, log.length]).toEqual([total, 2 * total]);
          for (const each of ['a', 'b']) {
            // Nothing of its aggregate is handled while what another published is.
            const lines = log.filter(({ event }) => event.aggregateId === each);
            for (const [index, { event, begins }] of lines.entries()) {
              if (begins && event.by !== at) expect(lines[index + 1]).toEqual({ event, begins: false });
            }
          }
          for (const by of members.keys()) {
            for (const each of ['a', 'b']) {
              expect(idsOf(begun, by, each)).toEqual(idsOf(members[by]!.begun, by, each));
            }
          }
        }
      }),
      runs(60),
    );
  });

  it('EB2 what the transport loses is missed alone, and told as soon as something of its publisher comes', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('heard', 'repeated', 'lost'), { maxLength: 8 });
    const allFates = fc.tuple(fates, fates, fates);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plans, allFates, async (scheduler, all, fatesOf) => {
        const members = await play(scheduler, all, fatesOf);
        for (const [at, { begun, errors }] of members.entries()) {
          let told = 0;
          for (const [by, { begun: published, transport }] of members.entries()) {
            if (by === at) continue;
            const lost = transport.lost.map((text) => JSON.parse(text) as { number: number; event: { id: string } });
            const lostIds = new Set(lost.map(({ event }) => event.id));
            const own = published.filter((event) => event.by === by);
            const left = own.filter(({ id }) => !lostIds.has(id)).map(({ id }) => id);
            const arrived = begun.filter((event) => event.by === by).map(({ id }) => id);
            expect(arrived.toSorted()).toEqual(left.toSorted());
            // Between the first and the last that came: who was never heard before may have sent any number.
            const numbers = Array.from({ length: own.length }, (_, index) => index + 1);
            const heard = numbers.filter((number) => lost.every((each) => each.number !== number));
            told += heard.length === 0 ? 0 : heard.at(-1)! - heard[0]! + 1 - heard.length;
          }
          const missed = errors.map((error) => (error instanceof EventsMissedError ? error.count : Number.NaN));
          expect(missed.reduce((sum, count) => sum + count, 0)).toBe(told);
        }
      }),
      runs(60),
    );
  });
});
