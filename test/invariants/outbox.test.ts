// ES12: transactions of the caller's on SQLite, committed and rolled back, beside a relay that dies at any of its steps.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import type { DomainEvent } from '../../src/events/domain-event.ts';
import type { EventAdapter, StreamInfo } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { RecordedDomainEvent } from '../../src/events/recorded-domain-event.ts';
import { type RelayOptions, relayEvents } from '../../src/events/relay-events.ts';
import type { Subscription } from '../../src/events/subscription.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { openSqlite, type TestDatabase } from '../sqlite-driver.ts';
import { runs } from './runs.ts';

let db: TestDatabase;
beforeEach(() => {
  db = openSqlite(':memory:');
});
afterEach(() => db.close());

/** A process that relays: it dies at one of its calls, of the storage or of the bus, before or after that took effect. */
class Process {
  readonly relay: Subscription;
  alive = true;
  steps = 0;
  #diesAt = Number.POSITIVE_INFINITY;
  #phase: 'before' | 'after' = 'before';
  readonly #control = new AbortController();

  constructor(world: World, options: Partial<RelayOptions>) {
    const adapter = new Proxy<EventAdapter>(world.adapter(), {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function'
          ? (...args: unknown[]) => this.#step(() => value.apply(target, args))
          : value;
      },
    });
    const store = new EventStore({ adapter, clock: world.clock, random: () => 0.5 });
    const publisher = { publish: (event: DomainEvent) => this.#step(async () => world.publish(event)) };
    const { signal } = this.#control;
    this.relay = relayEvents(store, publisher, { name: 'relay', signal, backoff: { maxMs: 100 }, ...options });
  }

  dieIn(steps: number, phase: 'before' | 'after'): void {
    this.#diesAt = this.steps + steps;
    this.#phase = phase;
  }

  get stopped(): boolean {
    return this.#control.signal.aborted;
  }

  /** Stops in an orderly way: what it does to that end still has its effect. */
  stop(): void {
    this.#control.abort(new Error('stopped'));
  }

  #die(): void {
    this.alive = false;
    this.stop();
  }

  async #step<T>(effect: () => Promise<T>): Promise<T> {
    const last = this.steps++ === this.#diesAt;
    if (last && this.#phase === 'before') this.#die();
    if (!this.alive) throw new Error('dead');
    const result = await effect();
    if (last) this.#die();
    if (!this.alive) throw new Error('dead');
    return result;
  }
}

interface Write {
  readonly stream: string;
  readonly count: number;
  readonly commits: boolean;
  /** How long the transaction stays open: time in which the relay runs. */
  readonly openMs: number;
}

class World {
  readonly clock = new FakeClock(1_000);
  readonly published: RecordedDomainEvent[] = [];
  readonly committed: string[] = [];
  readonly broken: string[] = [];
  /** So many of the next publications fail. */
  failures = 0;
  process: Process;
  readonly #store: EventStore;
  readonly #options: Partial<RelayOptions>;
  #written = 0;

  private constructor(store: EventStore, options: Partial<RelayOptions>) {
    this.#store = store;
    this.#options = options;
    this.process = new Process(this, options);
  }

  static async create(options: Partial<RelayOptions> = {}): Promise<World> {
    db.close();
    db = openSqlite(':memory:');
    const store = new EventStore({ adapter: new SqliteEventAdapter(db) });
    await store.init();
    return new World(store, options);
  }

  adapter(): EventAdapter {
    return new SqliteEventAdapter(db, { clock: this.clock });
  }

  publish(event: DomainEvent): void {
    if (this.failures > 0) {
      this.failures--;
      throw new Error('the bus is down');
    }
    const { recorded } = event as RecordedDomainEvent;
    const before = this.published.some(
      (each) => each.aggregateId === recorded.stream && each.recorded.version === recorded.version - 1,
    );
    if (recorded.version > 1 && !before) this.broken.push(`${recorded.stream} ${recorded.version} overtakes`);
    this.published.push(event as RecordedDomainEvent);
  }

  async write({ stream, count, commits, openMs }: Write): Promise<void> {
    const ids = Array.from({ length: count }, () => `event ${++this.#written}`);
    db.exec('begin immediate');
    this.#store.appendSync(
      stream,
      ids.map((id) => ({ id, type: 'written', data: { id } })),
    );
    if (openMs > 0) await this.clock.advance(openMs);
    db.exec(commits ? 'commit' : 'rollback');
    if (commits) this.committed.push(...ids);
  }

  /** A process that has ended is followed by another one. */
  async revive(): Promise<void> {
    if (!this.process.stopped) return;
    await this.drive(this.process.relay.finished);
    this.process = new Process(this, this.#options);
  }

  /** Lets the last process relay all there is, and ends it. */
  async finish(): Promise<void> {
    while (!(await this.#caughtUp())) await this.revive();
    this.process.stop();
    await this.drive(this.process.relay.finished);
  }

  async #caughtUp(): Promise<boolean> {
    return this.drive(
      this.process.relay.caughtUp().then(
        () => !this.process.stopped,
        () => false,
      ),
    );
  }

  /** Lets time go on until the promise is settled. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    for (let step = 0; !settled && step < 2_000; step++) await this.clock.advance(50);
    if (!settled) throw new Error('not settled after a long time');
    return promise;
  }

  /** What is wrong with what was published, in the end. */
  wrong(): object {
    const ids = this.published.map(({ id }) => id);
    const [published, committed] = [new Set(ids), new Set(this.committed)];
    return {
      lost: this.committed.filter((id) => !published.has(id)),
      neverCommitted: ids.filter((id) => !committed.has(id)),
      broken: this.broken,
    };
  }
}

const nothing = { lost: [], neverCommitted: [], broken: [] };

describe('the outbox', () => {
  const write = fc.record({
    kind: fc.constant('write' as const),
    stream: fc.constantFrom<string>('a', 'b', 'c'),
    count: fc.integer({ min: 1, max: 4 }),
    commits: fc.boolean(),
    openMs: fc.constantFrom<number>(0, 0, 0, 30, 300),
  });
  const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom<number>(1, 50, 300) });
  const crash = fc.record({
    kind: fc.constant('crash' as const),
    steps: fc.integer({ min: 0, max: 12 }),
    phase: fc.constantFrom('before' as const, 'after' as const),
  });
  const stop = fc.record({ kind: fc.constant('stop' as const) });
  const outage = fc.record({ kind: fc.constant('outage' as const), failures: fc.integer({ min: 1, max: 20 }) });
  const step = fc.oneof({ weight: 3, arbitrary: write }, { weight: 2, arbitrary: wait }, crash, stop, outage);

  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const stoppedWhileItTriesAgain: Step[] = [
    { kind: 'outage', failures: 1 },
    { kind: 'write', stream: 'a', count: 1, commits: true, openMs: 0 },
    { kind: 'wait', ms: 1 },
    { kind: 'stop' },
  ];

  it('ES12 publishes what was committed, each at least once and in its stream’s order, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (steps, batchSize, grouped) => {
          const group = { partitions: 2, leaseMs: 100 };
          const world = await World.create({ batchSize, maxAttempts: 1_000, ...(grouped && { group }) });
          for (const taken of steps) {
            if (taken.kind === 'write') await world.write(taken);
            else if (taken.kind === 'wait') await world.clock.advance(taken.ms);
            else if (taken.kind === 'outage') world.failures += taken.failures;
            else if (taken.kind === 'stop') world.process.stop();
            else world.process.dieIn(taken.steps, taken.phase);
            await world.revive();
          }
          await world.finish();
          expect(world.wrong()).toEqual(nothing);
          const repeated = world.published.length - world.committed.length;
          if (!steps.some(({ kind }) => kind === 'crash' || kind === 'stop')) expect(repeated).toBe(0);
        },
      ),
      { ...runs(150), examples: [[stoppedWhileItTriesAgain, 1, false]] },
    );
  });

  it('ES12 loses nothing, whichever of its steps the relay dies at', async () => {
    const history: readonly Write[] = [
      { stream: 'a', count: 3, commits: true, openMs: 0 },
      { stream: 'b', count: 1, commits: false, openMs: 0 },
      { stream: 'b', count: 2, commits: true, openMs: 0 },
      { stream: 'a', count: 2, commits: false, openMs: 50 },
      { stream: 'a', count: 1, commits: true, openMs: 50 },
    ];
    async function run(dieIn: number, phase: 'before' | 'after') {
      const world = await World.create({ batchSize: 2 });
      world.process.dieIn(dieIn, phase);
      for (const each of history) {
        await world.write(each);
        await world.clock.advance(40);
        await world.revive();
      }
      const steps = world.process.steps;
      await world.finish();
      expect([dieIn, phase, world.wrong()]).toEqual([dieIn, phase, nothing]);
      return { steps, repeated: world.published.length - world.committed.length };
    }
    const { steps, repeated } = await run(Number.POSITIVE_INFINITY, 'before');
    expect(repeated).toBe(0);
    const repeats: number[] = [];
    for (let dieIn = 0; dieIn < steps; dieIn++) {
      for (const phase of ['before', 'after'] as const) repeats.push((await run(dieIn, phase)).repeated);
    }
    // What was published since the last checkpoint comes again: at most one batch.
    expect(Math.max(...repeats)).toBe(2);
  });

  it('ES12 no read sees what an open transaction has appended, whatever becomes of it', async () => {
    const reads: Record<string, (store: EventStore, adapter: EventAdapter) => Promise<unknown>> = {
      read: (store) => store.read('a').toArray(),
      readBackward: (store) => store.read('a', { direction: 'backward' }).toArray(),
      readAll: (store) => store.readAll().toArray(),
      queried: (store) => store.readAll({ query: [{ types: ['t'] }] }).toArray(),
      fold: (store) => store.aggregateStream('a', { initial: () => 0, evolve: (sum, { data }) => sum + Number(data) }),
      streamVersion: (store) => store.streamVersion('a'),
      streams: async (store) => {
        const streams: StreamInfo[] = [];
        for await (const stream of store.streams()) streams.push(stream);
        return streams;
      },
      lastPosition: (_, adapter) => adapter.lastPosition(),
      checkpoint: async (_, adapter) => (await adapter.loadCheckpoint('c'))?.position,
      checkpoints: async (_, adapter) => (await adapter.listCheckpoints('c')).map(({ position }) => position),
    };
    const steps = fc.array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom('begin', 'append', 'commit', 'rollback', 'wait') },
        fc.constantFrom(...Object.keys(reads)),
      ),
      { maxLength: 25, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        db.close();
        db = openSqlite(':memory:');
        const clock = new FakeClock(1_000);
        const adapter = new SqliteEventAdapter(db, { clock, busyTimeoutMs: 100_000 });
        const store = new EventStore({ adapter, clock });
        await store.init();
        // The same committed appends without a transaction: what each read must give.
        const model = new MemoryEventAdapter();
        const expected = new EventStore({ adapter: model, clock });
        await expected.init();
        let written = 0;
        let open = false;
        let pending: number[] = [];
        const begun = new Map<string, Promise<unknown>[]>();
        const append = (to: EventAdapter, n: number) => {
          const data = { id: `event ${n}`, type: 't', data: `${n}`, encoding: 'json', metadata: '{}' } as const;
          const batch = { stream: 'a', expectedVersion: 'any', events: [{ ...data, timestamp: 0, tags: [] }] } as const;
          return to.appendSync!([batch], { checkpoints: [{ name: 'c', position: n, state: '{}' }] });
        };
        const end = async (statement: 'commit' | 'rollback') => {
          db.exec(statement);
          open = false;
          if (statement === 'commit') for (const n of pending) append(model, n);
          pending = [];
          await clock.advance(1_000);
        };
        const settle = async () => {
          await clock.advance(1_000);
          for (const [name, results] of begun) {
            for (const result of results)
              expect([name, await result]).toEqual([name, await reads[name]!(expected, model)]);
          }
          begun.clear();
        };
        for (const step of taken) {
          if (step === 'begin' && !open) {
            db.exec('begin immediate');
            open = true;
          } else if (step === 'append') {
            append(adapter, ++written);
            if (open) pending.push(written);
            else append(model, written);
          } else if ((step === 'commit' || step === 'rollback') && open) await end(step);
          else if (step === 'wait') await clock.advance(100);
          else if (step in reads) {
            const result = reads[step]!(store, adapter);
            result.catch(() => {});
            begun.set(step, [...(begun.get(step) ?? []), result]);
          }
          if (!open) await settle();
        }
        if (open) await end('rollback');
        await settle();
      }),
      runs(150),
    );
  });
});
