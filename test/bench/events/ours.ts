import type { EventAdapter } from '../../../src/events/event-adapter.ts';
import { EventStore } from '../../../src/events/event-store.ts';
import { type Contender, data, times, type } from './contender.ts';

export const counting = { initial: () => 0, evolve: (count: number) => count + 1 };

/** Our store, and what it stands on. */
export interface Ours extends Contender {
  readonly adapter: EventAdapter;
  readonly store: EventStore;
  fold(stream: string): Promise<number>;
}

export function ours(adapter: EventAdapter): Ours {
  const store = new EventStore({ adapter });
  return {
    name: 'EventStore',
    adapter,
    store,
    append: (stream, version, count) =>
      store.append(
        stream,
        times(count, () => ({ type, data })),
        { expectedVersion: version },
      ),
    fold: async (stream) => (await store.aggregateStream(stream, counting)).state,
  };
}
