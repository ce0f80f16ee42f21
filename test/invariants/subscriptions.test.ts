import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import type { SubscribeOptions } from '../../src/events/subscribe-options.ts';
import type { Subscription } from '../../src/events/subscription.ts';
import { type Fate, type Process, World } from '../events/subscription-world.ts';
import { runs } from './runs.ts';

const streams = ['a', 'b', 'c', 'd'] as const;
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>('ok') },
  { weight: 1, arbitrary: fc.constant<Fate>('late') },
  { weight: 1, arbitrary: fc.constant<Fate>('before') },
  { weight: 1, arbitrary: fc.constant<Fate>('after') },
);
const append = fc.record({
  kind: fc.constant('append' as const),
  stream: fc.constantFrom(...streams),
  count: fc.integer({ min: 1, max: 5 }),
});
const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 20, 300, 2_000) });
const restart = fc.record({ kind: fc.constant('restart' as const), kill: fc.boolean() });
const trouble = fc.record({ kind: fc.constant('trouble' as const), fates: fc.array(fate, { maxLength: 8 }) });

type Sample<A> = A extends fc.Arbitrary<infer T> ? T : never;

const appendTo = (process: Process, stream: string, count: number) =>
  process.store.append(
    stream,
    Array.from({ length: count }, (_, index) => ({ type: index % 2 === 0 ? 'even' : 'odd', data: index })),
  );

async function stop(process: Process, subscription: Subscription, kill: boolean, world: World): Promise<void> {
  if (kill) process.kill();
  else await world.drive(process.store.close());
  await world.drive(subscription.finished);
}

describe('subscriptions', () => {
  it('ES6 every event is handled at least once and in its stream’s order, through crashes and failures', async () => {
    const step = fc.oneof(append, wait, restart, trouble);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
        fc.boolean(),
        async (steps, batchSize, poison, filtered) => {
          const world = new World();
          for (const position of poison) world.poison.add(position);
          const query = filtered ? [{ types: ['even', 'odd'] }] : undefined;
          const subscribe = (process: Process) =>
            process.store.subscribe({
              name: 's',
              batchSize,
              query,
              maxAttempts: 2,
              onFailure: 'park',
              backoff: { maxMs: 20 },
              handle: process.handle,
            });
          const writer = world.start();
          let process = world.start();
          let subscription = subscribe(process);
          for (const taken of steps) {
            if (taken.kind === 'append') await appendTo(writer, taken.stream, taken.count);
            else if (taken.kind === 'wait') await world.clock.advance(taken.ms);
            else if (taken.kind === 'trouble') world.fates.push(...taken.fates);
            else {
              await stop(process, subscription, taken.kill, world);
              process = world.start();
              subscription = subscribe(process);
            }
          }
          world.fates = [];
          await world.drive(subscription.caughtUp());
          // What waits is exactly what is poisonous and what is behind it in its stream.
          const stuck = new Set<string>();
          const all = await writer.store.readAll().toArray();
          const behind = all.filter(({ stream, position }) => {
            if (world.poison.has(position)) stuck.add(stream);
            return stuck.has(stream);
          });
          const parked = await subscription.parked();
          expect(parked.map(({ position }) => position)).toEqual(behind.map(({ position }) => position));
          const headless = parked.filter(
            ({ message, position }) => message === undefined && world.poison.has(position),
          );
          expect(
            headless.every(({ stream, position }) =>
              parked.some((each) => each.stream === stream && each.position < position),
            ),
          ).toBe(true);
          expect(world.broken).toEqual([]);
          world.poison.clear();
          const retried = await subscription.retryParked();
          expect(retried).toEqual({ handled: behind.length, failed: [], left: 0 });
          expect([world.broken, await world.missed(), await subscription.parked()]).toEqual([[], [], []]);
          await process.store.close();
        },
      ),
      runs(150),
    );
  });

  it('ES6 a projection sees the effect of each event exactly once, run by several processes that crash', async () => {
    const at = fc.integer({ min: 0, max: 1 });
    const step = fc.oneof(append, wait, trouble, fc.record({ kind: fc.constant('kill' as const), at }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        async (steps, batchSize, slowMs) => {
          const world = new World();
          let failures = 3;
          const run = (process: Process) =>
            process.store.project<RecordedEvent[]>(
              {
                name: 'p',
                handle: async (event, table) => {
                  if (slowMs > 0) {
                    await new Promise<void>((resolve) => void world.clock.schedule(() => resolve(), slowMs));
                  }
                  table.push(event);
                  if (event.position % 5 === 0 && failures-- > 0) throw new Error('after it took effect');
                },
              },
              { batchSize, backoff: { maxMs: 20 }, pollIntervalMs: 10 },
            );
          const writer = world.start();
          const running = [world.start(), world.start()].map((process) => ({ process, run: run(process) }));
          for (const taken of steps) {
            if (taken.kind === 'append') await world.drive(appendTo(writer, taken.stream, taken.count), 1);
            else if (taken.kind === 'wait') await world.clock.advance(taken.ms);
            else if (taken.kind === 'trouble') world.fates.push(...taken.fates);
            else {
              running[taken.at]!.process.kill();
              const process = world.start();
              running[taken.at] = { process, run: run(process) };
            }
          }
          world.fates = [];
          for (const each of running) await world.drive(each.run.caughtUp());
          const all = await writer.store.readAll().toArray();
          expect(world.table.map(({ position }) => position)).toEqual(all.map(({ position }) => position));
          for (const each of running) await world.drive(each.process.store.close());
        },
      ),
      runs(150),
    );
  });

  it('ES6 a projection that parks sees each effect exactly once and in its stream’s order, run by several', async () => {
    const at = fc.integer({ min: 0, max: 1 });
    const restart = fc.record({ kind: fc.constant('restart' as const), at, kill: fc.boolean() });
    const slow = fc.record({ kind: fc.constant('slow' as const), at, ms: fc.constantFrom(0, 30) });
    const retry = fc.record({ kind: fc.constant('retry' as const), at });
    const step = fc.oneof(append, wait, restart, trouble, slow, retry);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 2 }),
        async (steps, batchSize, poison, processes) => {
          const world = new World();
          for (const position of poison) world.poison.add(position);
          const run = (process: Process) =>
            process.store.project<RecordedEvent[]>(
              {
                name: 'p',
                handle: async (event, table) => {
                  table.push(event);
                  if (world.poison.has(event.position)) throw new Error('poison');
                },
              },
              { batchSize, backoff: { maxMs: 20 }, maxAttempts: 2, onFailure: 'park', pollIntervalMs: 10 },
            );
          const writer = world.start();
          const startOne = () => {
            const process = world.start();
            return { process, run: run(process) };
          };
          const running = Array.from({ length: processes }, startOne);
          for (const taken of steps) {
            const index = 'at' in taken ? taken.at % processes : 0;
            const one = running[index]!;
            if (taken.kind === 'append') await world.drive(appendTo(writer, taken.stream, taken.count), 1);
            else if (taken.kind === 'wait') await world.clock.advance(taken.ms);
            else if (taken.kind === 'trouble') world.fates.push(...taken.fates);
            else if (taken.kind === 'slow') one.process.delayedMs = taken.ms;
            else if (taken.kind === 'retry') {
              world.poison.delete(Math.min(...world.poison));
              await world.drive(one.run.retryParked().catch(() => undefined));
            } else {
              await stop(one.process, one.run, taken.kill, world);
              running[index] = startOne();
            }
          }
          world.fates = [];
          world.poison.clear();
          for (const each of running) await world.drive(each.run.caughtUp());
          expect(await world.drive(running[0]!.run.retryParked())).toMatchObject({ failed: [], left: 0 });
          for (const stream of streams) {
            const versions = world.table.filter((event) => event.stream === stream).map(({ version }) => version);
            expect(versions).toEqual(versions.map((_, index) => index + 1));
          }
          expect(await world.missed(world.table)).toEqual([]);
          for (const each of running) await world.drive(each.process.store.close());
        },
      ),
      runs(400),
    );
  });

  const join = fc.record({ kind: fc.constant('join' as const) });
  const leave = fc.record({ kind: fc.constant('leave' as const), at: fc.nat(3), kill: fc.boolean() });
  const jump = fc.record({ kind: fc.constant('jump' as const), at: fc.nat(3), ms: fc.constantFrom(-500, 90, 500) });
  const groupStep = fc.oneof({ weight: 3, arbitrary: append }, { weight: 3, arbitrary: wait }, join, leave);

  /** Runs a history of a group to its end, and says what is left then. */
  async function runGroup(
    steps: readonly (Sample<typeof groupStep> | Sample<typeof jump> | Sample<typeof trouble>)[],
    options: Partial<SubscribeOptions>,
    poison: readonly number[] = [],
  ) {
    const world = new World();
    for (const position of poison) world.poison.add(position);
    const partitions = 6;
    const busy = new Map<string, Process>();
    const overlaps: string[] = [];
    const consumers: { process: Process; subscription: Subscription }[] = [];
    const startOne = () => {
      const process = world.start();
      const handle = async (event: RecordedEvent) => {
        if (busy.get(event.stream)?.alive) overlaps.push(`${event.stream} ${event.version}`);
        busy.set(event.stream, process);
        await world.pass((event.position % 7) * 10);
        if (busy.get(event.stream) === process) busy.delete(event.stream);
        await process.handle(event);
      };
      const group = { partitions, leaseMs: 100 };
      const backoff = { maxMs: 5 };
      const subscription = process.store.subscribe({
        name: 'g',
        handle,
        group,
        backoff,
        maxAttempts: 2,
        onFailure: 'park',
        ...options,
      });
      consumers.push({ process, subscription });
    };
    const writer = world.start();
    for (const stream of streams) await appendTo(writer, stream, 4);
    startOne();
    startOne();
    await world.clock.advance(60);
    for (const taken of steps) {
      const consumer = 'at' in taken ? consumers[taken.at % Math.max(consumers.length, 1)] : undefined;
      if (taken.kind === 'append') await appendTo(writer, taken.stream, taken.count);
      else if (taken.kind === 'wait') await world.clock.advance(taken.ms);
      else if (taken.kind === 'trouble') world.fates.push(...taken.fates);
      else if (taken.kind === 'join') startOne();
      else if (taken.kind === 'jump' && consumer) consumer.process.aheadMs += taken.ms;
      else if (taken.kind === 'leave' && consumer) {
        consumers.splice(consumers.indexOf(consumer), 1);
        await stop(consumer.process, consumer.subscription, taken.kill, world);
      }
    }
    world.fates = [];
    startOne();
    await world.clock.advance(1_500);
    const last = consumers.at(-1)!.subscription;
    await world.drive(last.caughtUp());
    const all = await writer.store.readAll().toArray();
    const stuck = new Set<string>();
    for (const { stream, position } of all) if (world.poison.has(position)) stuck.add(stream);
    const parked = new Set((await last.parked()).map(({ stream }) => stream));
    const parkedWrong = [...parked, ...stuck].filter((stream) => parked.has(stream) !== stuck.has(stream));
    world.poison.clear();
    await world.drive(last.retryParked());
    const records = await world.memory.listCheckpoints('$group/g/partition/');
    const owned = new Map<string, number>();
    for (const { state } of records) {
      const owner = String((JSON.parse(state) as { owner?: string }).owner);
      owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    const shares = [...owned.values()];
    const fair =
      Math.max(...shares) - Math.min(...shares) <= 1 && owned.size === Math.min(consumers.length, partitions);
    const missed = await world.missed();
    const repeated = world.handled.length - all.length;
    for (const { process } of consumers) await world.drive(process.store.close());
    const stolen = world.saves.filter((save) => save.stolen).length;
    return { world, left: { broken: world.broken, missed, parkedWrong }, overlaps, stolen, fair, repeated };
  }

  it('ES6 a group handles every event, each stream in order and by one at a time, as consumers come, go and die', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(groupStep, { maxLength: 14 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, batchSize) => {
          const { left, overlaps, stolen, fair, repeated } = await runGroup(steps, { batchSize });
          expect(left).toEqual(nothing);
          expect({ overlaps, stolen, fair }).toEqual({ overlaps: [], stolen: 0, fair: true });
          if (!steps.some((step) => step.kind === 'leave' && step.kill)) expect(repeated).toBe(0);
        },
      ),
      runs(60),
    );
  });

  it('ES6 in a group only who holds a partition saves its position, whatever clocks and storage do', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: groupStep },
      { weight: 2, arbitrary: jump },
      { weight: 2, arbitrary: trouble },
    );
    const poison = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 16 }),
        fc.integer({ min: 1, max: 5 }),
        poison,
        async (steps, batchSize, positions) => {
          const { world, left } = await runGroup(steps, { batchSize }, positions);
          expect(left).toEqual(nothing);
          const last = new Map<string, (typeof world.saves)[number]>();
          for (const save of world.saves) {
            const before = last.get(save.name);
            if (before) {
              expect(save.position).toBeGreaterThanOrEqual(before.position);
              const same = before.process === save.process && before.owner !== undefined;
              // Whoever takes a partition over begins where it was left.
              if (!same) expect(save.position).toBe(before.position);
            }
            last.set(save.name, save);
          }
        },
      ),
      runs(100),
    );
  });
});

const nothing = { broken: [], missed: [], parkedWrong: [] };
