import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClosedError, InvalidArgumentError } from '../../src/core/errors.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { EventHandlingError } from '../../src/events/errors.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { runs } from '../invariants/runs.ts';

class Happened extends DomainEvent {
  readonly what: string;

  constructor(aggregateId: string, what: string, type = 'happened') {
    super(type, aggregateId);
    this.what = what;
  }
}

const to = (run: (event: Happened) => unknown) => ({ handle: async (event: Happened) => void (await run(event)) });
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A handler that stays in an event until it is released. */
function held() {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { release, handler: to(() => until) };
}

describe('EventBus', () => {
  it('brings an event to the handlers of its type and to those of all, and waits for them', async () => {
    const bus = new EventBus();
    const seen: string[] = [];
    bus.subscribe(
      'happened',
      to(async ({ what }) => {
        await tick();
        seen.push(`happened ${what}`);
      }),
    );
    bus.subscribe(
      '*',
      to(({ what }) => seen.push(`all ${what}`)),
    );
    bus.subscribe(
      'other',
      to(() => seen.push('other')),
    );
    await bus.publish(new Happened('a', '1'));
    expect(seen).toEqual(['all 1', 'happened 1']);
    await bus.publish(new Happened('a', '2', 'nobody listens to'));
    expect(seen.slice(2)).toEqual(['all 2']);
  });

  it('calls every handler whatever becomes of the others, and then rejects with all of their errors', async () => {
    const bus = new EventBus();
    const seen: string[] = [];
    const late = new Error('late');
    const sync = new Error('sync');
    bus.subscribe(
      'happened',
      to(async () => {
        await tick();
        throw late;
      }),
    );
    bus.subscribe('happened', {
      handle: () => {
        throw sync;
      },
    });
    bus.subscribe(
      'happened',
      to(() => seen.push('handled')),
    );
    const event = new Happened('a', '1');
    const error = await bus.publish(event).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EventHandlingError);
    expect(error).toMatchObject({ eventId: event.id, eventType: 'happened', errors: [late, sync], cause: late });
    expect(seen).toEqual(['handled']);
    await expect(bus.publish(new Happened('a', '2'))).rejects.toThrow(EventHandlingError);
    expect(seen).toHaveLength(2);
  });

  it('ends a subscription by its function, after one event, or by a signal', async () => {
    const bus = new EventBus();
    const seen: string[] = [];
    const controller = new AbortController();
    const off = bus.subscribe(
      'happened',
      to(() => seen.push('off')),
    );
    bus.subscribe(
      'happened',
      to(() => seen.push('once')),
      { once: true },
    );
    bus.subscribe(
      'happened',
      to(() => seen.push('signal')),
      { signal: controller.signal },
    );
    bus.subscribe(
      'happened',
      to(() => seen.push('never')),
      { signal: AbortSignal.abort() },
    );
    await Promise.all([bus.publish(new Happened('a', '1')), bus.publish(new Happened('b', '1'))]);
    expect(seen.toSorted()).toEqual(['off', 'off', 'once', 'signal', 'signal']);
    off();
    off();
    controller.abort();
    await bus.publish(new Happened('a', '2'));
    expect(seen).toHaveLength(5);
  });

  it('handles the events of one aggregate one after another, those of others meanwhile', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    const { release, handler } = held();
    bus.subscribe('slow', handler);
    bus.subscribe(
      '*',
      to(({ what }) => log.push(what)),
    );
    const slow = bus.publish(new Happened('a', 'a1', 'slow'));
    const behind = bus.publish(new Happened('a', 'a2'));
    await bus.publish(new Happened('b', 'b1'));
    expect(log).toEqual(['a1', 'b1']);
    release();
    await Promise.all([slow, behind]);
    expect(log).toEqual(['a1', 'b1', 'a2']);
  });

  it('lets a handler publish for its own aggregate and wait, also with others in line', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    bus.subscribe(
      'outer',
      to(async (event) => {
        log.push(`begin ${event.what}`);
        await tick();
        await bus.publish(new Happened(event.aggregateId, `inner of ${event.what}`));
        log.push(`end ${event.what}`);
      }),
    );
    bus.subscribe(
      'happened',
      to(({ what }) => log.push(what)),
    );
    await Promise.all([bus.publish(new Happened('a', '1', 'outer')), bus.publish(new Happened('a', '2', 'outer'))]);
    expect(log).toEqual(['begin 1', 'inner of 1', 'end 1', 'begin 2', 'inner of 2', 'end 2']);
  });

  it('does not deadlock when handlers of two aggregates publish to each other crosswise', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    bus.subscribe(
      'outer',
      to(async ({ aggregateId }) => {
        await tick();
        await bus.publish(new Happened(aggregateId === 'a' ? 'b' : 'a', `from ${aggregateId}`));
      }),
    );
    bus.subscribe(
      'happened',
      to(({ what }) => log.push(what)),
    );
    await Promise.all([bus.publish(new Happened('a', '', 'outer')), bus.publish(new Happened('b', '', 'outer'))]);
    expect(log.toSorted()).toEqual(['from a', 'from b']);
  });

  it('puts what a handler left running behind publishes back in line', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    let background = Promise.resolve();
    const { release, handler } = held();
    bus.subscribe(
      'starts',
      to(() => {
        background = (async () => {
          await tick();
          await bus.publish(new Happened('a', 'background'));
        })();
      }),
    );
    bus.subscribe('slow', handler);
    bus.subscribe(
      '*',
      to(({ what }) => log.push(what)),
    );
    await bus.publish(new Happened('a', 'starts', 'starts'));
    const slow = bus.publish(new Happened('a', 'slow', 'slow'));
    await tick();
    await tick();
    expect(log).toEqual(['starts', 'slow']);
    release();
    await Promise.all([slow, background]);
    expect(log).toEqual(['starts', 'slow', 'background']);
  });

  it('puts it in line behind a publisher that waits for the handler, but not for what it left running', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    let background = Promise.resolve();
    bus.subscribe(
      'outer',
      to(async () => {
        await bus.publish(new Happened('b', 'inner', 'inner'));
        await tick();
        await tick();
        log.push('end of outer');
      }),
    );
    bus.subscribe(
      'inner',
      to(() => {
        background = (async () => {
          await tick();
          await bus.publish(new Happened('a', 'background'));
        })();
      }),
    );
    bus.subscribe(
      'happened',
      to(({ what }) => log.push(what)),
    );
    await bus.publish(new Happened('a', 'outer', 'outer'));
    await background;
    expect(log).toEqual(['end of outer', 'background']);
  });

  it('gives up an event that waits in line when its signal aborts, and keeps the line', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    const { release, handler } = held();
    const controller = new AbortController();
    bus.subscribe('slow', handler);
    bus.subscribe(
      '*',
      to(({ what }) => log.push(what)),
    );
    const slow = bus.publish(new Happened('a', 'slow', 'slow'));
    const givenUp = bus.publish(new Happened('a', 'given up'), { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(givenUp).rejects.toThrow('enough');
    const behind = bus.publish(new Happened('a', 'behind'));
    await tick();
    expect(log).toEqual(['slow']);
    release();
    await Promise.all([slow, behind]);
    expect(log).toEqual(['slow', 'behind']);
    await expect(bus.publish(new Happened('a', 'x'), { signal: AbortSignal.abort() })).rejects.toThrow();
  });

  it('waits in close for what runs, and refuses everything afterwards', async () => {
    const bus = new EventBus();
    const log: string[] = [];
    const { release, handler } = held();
    bus.subscribe('slow', handler);
    const slow = bus.publish(new Happened('a', 'slow', 'slow')).then(() => log.push('handled'));
    const closing = bus.close().then(() => log.push('closed'));
    await tick();
    release();
    await Promise.all([slow, closing]);
    expect(log).toEqual(['handled', 'closed']);
    await expect(bus.publish(new Happened('a', ''))).rejects.toThrow(ClosedError);
    expect(() => bus.subscribe('happened', handler)).toThrow(ClosedError);
  });

  it('may be closed by a handler', async () => {
    const bus = new EventBus();
    bus.subscribe(
      'happened',
      to(() => bus.close()),
    );
    await bus.publish(new Happened('a', ''));
  });

  it('refuses what is no event type and no handler', async () => {
    const bus = new EventBus();
    expect(() =>
      bus.subscribe(
        '',
        to(() => {}),
      ),
    ).toThrow(InvalidArgumentError);
    expect(() => bus.subscribe('happened', {} as never)).toThrow(InvalidArgumentError);
    await expect(bus.publish(new Happened('a', '', '*'))).rejects.toThrow(InvalidArgumentError);
    await expect(bus.publish({ type: 'x' } as never)).rejects.toThrow(InvalidArgumentError);
  });

  it('handles each aggregate in order and always comes to an end, however handlers publish and wait', async () => {
    interface Plan {
      readonly aggregate: 'a' | 'b' | 'c';
      readonly inner: readonly Plan[];
    }
    const plan = (depth: number): fc.Arbitrary<Plan> =>
      fc.record({
        aggregate: fc.constantFrom('a', 'b', 'c'),
        inner: depth === 0 ? fc.constant([]) : fc.array(plan(depth - 1), { maxLength: 2 }),
      });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(plan(2), { minLength: 1, maxLength: 5 }), async (scheduler, plans) => {
        const bus = new EventBus();
        const plansById = new Map<string, Plan>();
        const log: string[] = [];
        const publish = (each: Plan) => {
          const event = new Happened(each.aggregate, '');
          plansById.set(event.id, each);
          return bus.publish(event);
        };
        bus.subscribe(
          '*',
          to(async ({ id, aggregateId }) => {
            log.push(`${aggregateId} begin ${id}`);
            for (const inner of plansById.get(id)!.inner) {
              await scheduler.schedule(Promise.resolve());
              await publish(inner);
            }
            log.push(`${aggregateId} end ${id}`);
          }),
        );
        const all = Promise.all(plans.map(publish));
        await scheduler.waitFor(all);
        await all;
        // What is published from outside is handled in the order of publishing, without overlap within an aggregate.
        const outer = [...plansById].filter(([, each]) => plans.includes(each));
        for (const aggregate of ['a', 'b', 'c']) {
          const ids = outer.filter(([, each]) => each.aggregate === aggregate).map(([id]) => id);
          const lines = log.filter((line) => ids.some((id) => line.endsWith(id)));
          expect(lines).toEqual(ids.flatMap((id) => [`${aggregate} begin ${id}`, `${aggregate} end ${id}`]));
        }
        expect(log).toHaveLength(plansById.size * 2);
      }),
      runs(150),
    );
  });
});
