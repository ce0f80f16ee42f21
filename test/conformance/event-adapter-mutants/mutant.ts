import { MemoryEventAdapter } from '../../../src/adapters/memory/memory-event-adapter.ts';
import type { AppendOutcome, EncodedEvent, EventAdapter, EventBatch } from '../../../src/events/event-adapter.ts';

/** A correct adapter, to be broken. */
export type Next = MemoryEventAdapter;

/** Methods that replace those of a correct adapter. */
export type Mutant = (next: Next) => Partial<EventAdapter>;

/** Wrong adapters by what is wrong with them. */
export type Mutants = Record<string, Mutant>;

export const pause = () => new Promise((resolve) => setImmediate(resolve));

/** Changes the batches of each append. */
export const batchesBy =
  (change: (batch: EventBatch) => EventBatch): Mutant =>
  (next) => ({ append: (batches, options) => next.append(batches.map(change), options) });

/** Changes the events of each append. */
export const eventsBy = (change: (event: EncodedEvent) => EncodedEvent): Mutant =>
  batchesBy((batch) => ({ ...batch, events: batch.events.map(change) }));

/** Changes what is said of each append. */
export const outcomesBy =
  (change: (outcome: AppendOutcome, batches: readonly EventBatch[]) => AppendOutcome): Mutant =>
  (next) => ({ append: async (batches, options) => change(await next.append(batches, options), batches) });

export const any = (batches: readonly EventBatch[]): EventBatch[] =>
  batches.map((batch) => ({ ...batch, expectedVersion: 'any' }));

/** A correct adapter with some methods replaced. */
export function mutate(mutant: Mutant): EventAdapter {
  const next = new MemoryEventAdapter();
  return Object.assign(Object.create(bound(next)) as EventAdapter, mutant(next));
}

/** The adapter with methods that work on it whoever has them: its fields are private. */
function bound(next: Next): EventAdapter {
  return new Proxy(next, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
