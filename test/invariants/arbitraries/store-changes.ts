import fc from 'fast-check';
import { MemoryEventAdapter } from '../../../src/adapters/memory/memory-event-adapter.ts';
import { backupEvents } from '../../../src/events/backup-events.ts';
import type { EventAdapter } from '../../../src/events/event-adapter.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';

const stream = fc.constantFrom('a', 'b', 'ü/한', 'd');
/** Something that happens to a store. */
export const change = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      stream,
      data: fc.constantFrom('1', '"한글\\n"', '{"a":[1,null]}'),
      tags: fc.subarray(['x', 'y "z"']),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('truncate' as const), stream, before: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), stream }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('checkpoint' as const), stream, position: fc.nat(9) }) },
);
export type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;
export const changes = fc.array(change, { maxLength: 30 });

let ids = 0;

export async function apply(adapter: EventAdapter, each: Change): Promise<void> {
  switch (each.do) {
    case 'append': {
      const { data, tags, count } = each;
      const event = () => ({ id: `${++ids}`, type: 't', data, encoding: 'json', metadata: '{}', timestamp: ids, tags });
      const events = Array.from({ length: count }, event);
      await adapter.append([{ stream: each.stream, expectedVersion: 'any', events }]);
      return;
    }
    case 'truncate':
      return adapter.truncateStream(each.stream, each.before);
    case 'delete':
      await adapter.deleteStream(each.stream, 'any');
      return;
    case 'checkpoint':
      await adapter.saveCheckpoint(each.stream, { position: each.position, state: '{"a":1}' });
  }
}

export async function storeOf(
  all: readonly Change[],
  adapter: EventAdapter = new MemoryEventAdapter(),
): Promise<EventAdapter> {
  await adapter.init();
  for (const each of all) await apply(adapter, each);
  return adapter;
}

/** Appends so many events to one stream. */
export async function grow(adapter: EventAdapter, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 3) {
    await apply(adapter, { do: 'append', stream: 'd', data: '1', tags: [], count: Math.min(left, 3) });
  }
}

/** A backup; something may happen to the store before each of its lines. */
export async function linesOf(adapter: EventAdapter, between = async () => {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of backupEvents(adapter, { clock: new FakeClock() })) {
    lines.push(line);
    await between();
  }
  return lines;
}
