import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { PartitionsDifferError, SubscriptionFailedError } from '../../src/events/errors.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import type { SubscribeOptions } from '../../src/events/subscribe-options.ts';
import { type Process, World } from './subscription-world.ts';

const event = { type: 't', data: 1 };
const owners = async (world: World) => {
  const records = await world.memory.listCheckpoints('$group/g/partition/');
  return records.map(({ state }) => (JSON.parse(state) as { owner?: string }).owner?.split(' ')[0]);
};

function consume(process: Process, consumer: string, options: Partial<SubscribeOptions> = {}) {
  const group = { partitions: 4, leaseMs: 1_000, consumer };
  return process.store.subscribe({ name: 'g', handle: process.handle, group, ...options });
}

describe('consumer group', () => {
  it('divides the partitions, and hands them over at once when a consumer closes', async () => {
    const world = new World();
    const [one, two] = [world.start(), world.start()];
    consume(one, 'one');
    await world.clock.advance(300);
    expect(await owners(world)).toEqual(['one', 'one', 'one', 'one']);
    consume(two, 'two');
    await world.clock.advance(900);
    expect((await owners(world)).toSorted()).toEqual(['one', 'one', 'two', 'two']);
    for (let n = 0; n < 20; n++) await one.store.append(`s${n}`, [event]);
    await one.store.close();
    // Less than a lease: nobody waits for the silence of who has said goodbye.
    await world.clock.advance(300);
    expect(await owners(world)).toEqual(['two', 'two', 'two', 'two']);
    expect(await world.missed()).toEqual([]);
    await two.store.close();
  });

  it('takes over from the dead when their lease runs out, not before', async () => {
    const world = new World();
    const [one, two] = [world.start(), world.start()];
    consume(one, 'one');
    await world.clock.advance(500);
    consume(two, 'two');
    await world.clock.advance(250);
    one.kill();
    await world.clock.advance(700);
    expect(await owners(world)).toContain('one');
    await world.clock.advance(800);
    expect(await owners(world)).toEqual(['two', 'two', 'two', 'two']);
    await two.store.close();
  });

  it('does not begin another event with a lease that ran out while one was handled', async () => {
    const world = new World();
    const [one, two] = [world.start(), world.start()];
    const begun: string[] = [];
    const slow = (name: string, ms: number) => async (given: RecordedEvent) => {
      begun.push(`${name} ${given.version}`);
      await world.pass(ms);
    };
    await one.store.append('s', [event, event, event]);
    consume(one, 'one', { handle: slow('one', 5_000) });
    await world.clock.advance(100);
    // Its storage hangs: it can't renew its leases, and does not know what became of them.
    one.delayedMs = 60_000;
    consume(two, 'two', { handle: slow('two', 1) });
    await world.clock.advance(10_000);
    expect(begun).toEqual(['one 1', 'two 1', 'two 2', 'two 3']);
    await world.drive(Promise.all([one.store.close(), two.store.close()]), 1_000);
  });

  it('refuses another number of partitions', async () => {
    const world = new World();
    const [one, two] = [world.start(), world.start()];
    await world.drive(consume(one, 'one').caughtUp());
    const other = two.store.subscribe({ name: 'g', handle: two.handle, group: { partitions: 5 } });
    const refused = world.drive(other.caughtUp());
    await expect(refused).rejects.toThrow(PartitionsDifferError);
    await expect(refused).rejects.toMatchObject({ code: 'PARTITIONS_DIFFER', subscription: 'g', partitions: 4 });
    await Promise.all([one.store.close(), two.store.close()]);
  });

  it('goes on where a subscription of the same name was', async () => {
    const world = new World();
    const one = world.start();
    await one.store.append('a', [event, event]);
    const alone = one.store.subscribe({ name: 'g', handle: one.handle });
    await world.drive(alone.caughtUp());
    await alone.close();
    await one.store.append('a', [event]);
    await world.drive(consume(one, 'one').caughtUp());
    expect(world.handled.map(({ position }) => position)).toEqual([1, 2, 3]);
    await one.store.close();
  });

  it('reads once for all of its partitions', async () => {
    const world = new World();
    const one = world.start();
    for (let n = 0; n < 100; n++) await one.store.append(`s${n}`, [event]);
    let reads = 0;
    const { memory } = world;
    const readAll = memory.readAll.bind(memory);
    memory.readAll = (page) => {
      reads++;
      return readAll(page);
    };
    await world.drive(consume(one, 'one', { batchSize: 50 }).caughtUp());
    expect(world.handled).toHaveLength(100);
    expect(reads).toBeLessThan(8);
    await one.store.close();
  });

  it('stops loudly where an event can’t be handled and is not to be parked', async () => {
    const world = new World();
    const one = world.start();
    world.poison.add(1);
    await one.store.append('a', [event]);
    const failing = consume(one, 'one', { maxAttempts: 2 });
    await expect(world.drive(failing.caughtUp())).rejects.toThrow(SubscriptionFailedError);
    expect(await owners(world)).toEqual([undefined, undefined, undefined, undefined]);
    await one.store.close();
  });

  it('lets other partitions go on while one tries again', async () => {
    const world = new World();
    const one = world.start();
    world.poison.add(1);
    for (let n = 0; n < 20; n++) await one.store.append(`s${n}`, [event]);
    const trying = consume(one, 'one', { maxAttempts: 1_000_000, batchSize: 5 });
    await world.clock.advance(5_000);
    expect(world.handled.length).toBeGreaterThan(10);
    await trying.close();
  });

  it('refuses options that make no sense', async () => {
    const { store } = new World().start();
    const wrong = [{ partitions: 0 }, { partitions: 1_000_000 }, { leaseMs: 0 }, { consumer: '' }];
    for (const group of wrong) {
      expect(() => store.subscribe({ name: 'g', handle: async () => {}, group })).toThrow(InvalidArgumentError);
    }
    await store.close();
  });
});
