import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { type Fate, World } from './subscription-world.ts';

const event = { type: 't', data: { secret: 'payload' } };

async function parkedWorld(poison: readonly number[], streams: readonly string[]) {
  const world = new World();
  for (const position of poison) world.poison.add(position);
  const process = world.start();
  for (const stream of streams) await process.store.append(stream, [event]);
  const subscribe = (run = process) =>
    run.store.subscribe({ name: 'mail/out', handle: run.handle, maxAttempts: 2, onFailure: 'park' });
  const subscription = subscribe();
  await world.drive(subscription.caughtUp());
  return { world, process, subscription, subscribe };
}

describe('parked events', () => {
  it('keep the order of their stream, while other streams go on', async () => {
    const { world, subscription } = await parkedWorld([2], ['a', 'b', 'a', 'b', 'c']);
    expect(world.handled.map(({ position }) => position)).toEqual([1, 3, 5]);
    const [first, second] = await subscription.parked();
    expect(first).toMatchObject({ position: 2, stream: 'b', message: 'poison at 2', attempts: 2 });
    expect(second).toMatchObject({ position: 4, stream: 'b', message: undefined, attempts: 0 });

    expect(await subscription.retryParked()).toEqual({
      handled: 0,
      failed: [expect.objectContaining({ position: 2, attempts: 3 })],
      left: 2,
    });
    world.poison.clear();
    expect(await subscription.retryParked('a')).toEqual({ handled: 0, failed: [], left: 0 });
    expect(await subscription.retryParked('b')).toEqual({ handled: 2, failed: [], left: 0 });
    expect(world.handled.map(({ position }) => position)).toEqual([1, 3, 5, 2, 4]);
    await subscription.close();
  });

  it('can be skipped, retried and listed without a running subscription', async () => {
    const { world, process, subscription } = await parkedWorld([2], ['a', 'b', 'b']);
    await subscription.close();
    await subscription.skipParked(2);
    await expect(subscription.skipParked(2)).rejects.toThrow(InvalidArgumentError);
    const parked = process.store.parkedEvents('mail/out');
    expect((await parked.list()).map(({ position }) => position)).toEqual([3]);
    const seen: number[] = [];
    expect(await parked.retry({ handle: ({ position }: RecordedEvent) => seen.push(position) })).toMatchObject({
      handled: 1,
    });
    expect(seen).toEqual([3]);
    expect(await world.memory.listCheckpoints('$parked/')).toEqual([]);
    await process.store.close();
  });

  it('are of one subscription, and small whatever the error says', async () => {
    const { world, process, subscription } = await parkedWorld([], ['a']);
    await subscription.close();
    const other = process.store.subscribe({
      name: 'mail',
      maxAttempts: 1,
      onFailure: 'park',
      handle: () => Promise.reject(new Error('x\0\ud800'.repeat(5_000))),
    });
    await world.drive(other.caughtUp());
    expect(await subscription.parked()).toEqual([]);
    const [record] = await world.memory.listCheckpoints('$parked/mail/');
    expect(record!.state.length).toBeLessThan(3_000);
    expect(record!.state).not.toContain('payload');
    expect(record!.state).not.toContain('\\u0000');
    await process.store.close();
  });

  it('keep their error when the events before the crash come again', async () => {
    const { world, process, subscription, subscribe } = await parkedWorld([], ['a', 'b']);
    await subscription.close();
    world.poison.add(3);
    await process.store.append('a', [event, event]);
    const crashed = world.start();
    crashed.diesAt = (name) => name === 'mail/out';
    const running = subscribe(crashed);
    await world.drive(running.finished);
    expect((await world.memory.loadCheckpoint('mail/out'))?.position).toBe(2);
    const again = subscribe();
    await world.drive(again.caughtUp());
    expect(await again.parked()).toMatchObject([
      { position: 3, message: 'poison at 3', attempts: 2 },
      { position: 4, message: undefined },
    ]);
    await process.store.close();
  });

  it('are gone with their event', async () => {
    const { process, subscription } = await parkedWorld([1], ['a']);
    await process.store.deleteStream('a');
    expect(await subscription.retryParked()).toEqual({ handled: 0, failed: [], left: 0 });
    await process.store.close();
  });

  it('of a projection are none if another process has handled the event meanwhile', async () => {
    const { world, subscription } = await parkedWorld([], ['a', 'b']);
    await subscription.close();
    const handle = (given: RecordedEvent, table: RecordedEvent[]) => void table.push(given);
    const [slow, other] = [world.start(), world.start()];
    let overtaken = false;
    const fail = async ({ position }: RecordedEvent) => {
      if (!overtaken) other.store.project({ name: 'p', handle });
      overtaken = true;
      throw new Error(`no ${position}`);
    };
    slow.delayedMs = 100;
    const failing = slow.store.project<RecordedEvent[]>(
      { name: 'p', handle: fail },
      { maxAttempts: 1, onFailure: 'park' },
    );
    await world.drive(failing.caughtUp());
    expect(world.table.map(({ position }) => position)).toEqual([1, 2]);
    expect(await world.drive(failing.parked())).toEqual([]);
    await world.drive(Promise.all([slow.store.close(), other.store.close()]));
  });

  it('of a projection are left to it while it has not passed them, so that they take effect once', async () => {
    const { world, process, subscription } = await parkedWorld([], ['a', 'b']);
    await subscription.close();
    let poison = true;
    const projection = {
      name: 'p',
      handle: (given: RecordedEvent, table: RecordedEvent[]) => {
        if (poison && given.position === 2) throw new Error('poison');
        table.push(given);
      },
    };
    const options = { maxAttempts: 1, onFailure: 'park' } as const;
    const running = process.store.project(projection, options);
    await world.drive(running.caughtUp());
    await running.close();
    poison = false;
    // As one does to have events seen again.
    await world.memory.saveCheckpoint('$projection/p/0000000000000001', { position: 1, state: '{}' });
    const retrying = world.start().store.project(projection, { ...options, signal: AbortSignal.abort() });
    expect(await retrying.retryParked()).toEqual({ handled: 0, failed: [], left: 1 });
    const again = process.store.project(projection, options);
    await world.drive(again.caughtUp());
    expect(await again.retryParked()).toEqual({ handled: 1, failed: [], left: 0 });
    expect(world.table.map(({ position }) => position)).toEqual([1, 2]);
    await process.store.close();
  });

  it.each<Fate[][]>([[['after']], [['ok', 'after']]])(
    'of a projection stay where an answer is lost: %j',
    async (fates) => {
      const { world, process, subscription } = await parkedWorld([], ['a', 'b']);
      await subscription.close();
      let poison = true;
      const handle = (given: RecordedEvent, table: RecordedEvent[]) => {
        if (poison && given.position === 1) {
          world.fates.push(...fates);
          throw new Error('poison');
        }
        table.push(given);
      };
      const running = process.store.project({ name: 'p', handle }, { maxAttempts: 1, onFailure: 'park' });
      await world.drive(running.caughtUp());
      expect(await running.parked()).toMatchObject([{ position: 1, message: 'poison' }]);
      poison = false;
      expect(await running.retryParked()).toEqual({ handled: 1, failed: [], left: 0 });
      expect(world.table.map(({ position }) => position)).toEqual([2, 1]);
      await process.store.close();
    },
  );

  it('of a projection are parked behind what another process has parked', async () => {
    const { world, process, subscription } = await parkedWorld([], ['a', 'b']);
    await subscription.close();
    const projection = {
      name: 'p',
      handle: (given: RecordedEvent, table: RecordedEvent[]) => {
        if (given.position === 3) throw new Error('poison');
        table.push(given);
      },
    };
    const options = { maxAttempts: 1, onFailure: 'park', pollIntervalMs: 10 } as const;
    const one = process.store.project(projection, options);
    await world.drive(one.caughtUp());
    // The other has begun before anything is parked.
    const other = world.start().store.project(projection, options);
    await world.drive(other.caughtUp());
    await process.store.append('a', [event]);
    await world.drive(one.caughtUp());
    await one.close();
    await process.store.append('a', [event]);
    await world.drive(other.caughtUp());
    expect(await other.parked()).toMatchObject([
      { position: 3, message: 'poison' },
      { position: 4, message: undefined },
    ]);
    expect(world.table.map(({ position }) => position)).toEqual([1, 2]);
    await other.close();
    await process.store.close();
  });
});
