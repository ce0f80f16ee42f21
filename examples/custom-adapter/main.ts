// An event adapter on a key-value store, held to the contract of the port by its conformance suite. A test runner of
// yours would be given to the suite in the same way: eventAdapterConformance({ describe, it }, { create }).
import type { EventAdapter } from '@zyflow/migration';
import { eventAdapterConformance } from '@zyflow/migration/testing';
import { KeyValueEventAdapter } from './key-value-event-adapter.ts';
import { KeyValueStore } from './key-value-store.ts';

const cases: { title: string; run: () => Promise<void> }[] = [];
const runner = {
  describe: (_: string, define: () => void) => define(),
  it: (title: string, run: () => Promise<void>) => cases.push({ title, run }),
};

const stores = new Map<EventAdapter, KeyValueStore>();
const open = (keyValueStore: KeyValueStore) => {
  const adapter = new KeyValueEventAdapter(keyValueStore);
  stores.set(adapter, keyValueStore);
  return adapter;
};
eventAdapterConformance(runner, {
  create: async () => open(new KeyValueStore()),
  reopen: async (adapter) => open(stores.get(adapter)!),
});

let failed = 0;
for (const { title, run } of cases) {
  try {
    await run();
    console.log(`ok    ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${title}\n`, error);
  }
}
console.log(`${cases.length - failed} of ${cases.length} cases passed`);
process.exitCode = failed === 0 ? 0 : 1;
