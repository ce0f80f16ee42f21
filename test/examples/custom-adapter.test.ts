import { describe, it } from 'vitest';
import { KeyValueEventAdapter } from '../../examples/custom-adapter/key-value-event-adapter.ts';
import { KeyValueStore } from '../../examples/custom-adapter/key-value-store.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';
import { eventAdapterConformance } from '../../src/testing/event-adapter-conformance.ts';

// The example says that it passes the suite: whoever adds a case to the suite is told here.
const stores = new WeakMap<EventAdapter, KeyValueStore>();
const open = (store: KeyValueStore) => {
  const adapter = new KeyValueEventAdapter(store);
  stores.set(adapter, store);
  return adapter;
};

eventAdapterConformance(
  { describe, it },
  { create: async () => open(new KeyValueStore()), reopen: async (adapter) => open(stores.get(adapter)!) },
);
