// Moves the readers of a legacy store to a new one in steps, comparing both on the way, and steps back when the
// figures say so.
import assert from 'node:assert/strict';
import { GradualTrafficSplitter, PerformanceMetricsCollector, TrafficRouter } from '@zyflow/migration';

interface Read {
  readonly key: string;
}

const legacyRows = new Map(Array.from({ length: 1000 }, (_, i) => [`task-${i}`, `title ${i}`]));
const newRows = new Map(legacyRows);
newRows.set('task-7', 'a title that the copy got wrong');
let newSystemIsBroken = false;

const splitter = new GradualTrafficSplitter<Read>({ salt: 'tasks-2026' });
const metrics = new PerformanceMetricsCollector({ windowSize: 1000 });
const mismatches = new Set<string>();
const router = new TrafficRouter<Read, string | undefined>(
  { handle: async ({ key }) => legacyRows.get(key) },
  {
    async handle({ key }) {
      if (newSystemIsBroken) throw new Error('the new system is down');
      return newRows.get(key);
    },
  },
  splitter,
  {
    onRouted: ({ target, durationMs, error }) => metrics.recordOperation(target, durationMs, error === undefined),
    shadow: {
      maxInFlight: legacyRows.size,
      onOutcome: (outcome) => {
        if (outcome.kind === 'mismatch') mismatches.add(outcome.request.key);
      },
    },
  },
);

async function readEverything(): Promise<number> {
  const answers = await Promise.allSettled([...legacyRows.keys()].map((key) => router.routeRequest({ key })));
  return answers.filter((answer) => answer.status === 'rejected').length;
}

console.log('shadow reads at 0 %: nobody is served by the new system yet');
await readEverything();
await router.flush();
console.log(`  they found ${mismatches.size} wrong row: ${[...mismatches].join(', ')}`);
assert.deepEqual([...mismatches], ['task-7']);
newRows.set('task-7', legacyRows.get('task-7')!);
mismatches.clear();

for (const percent of [1, 5, 25, 50, 100]) {
  splitter.setNewSystemTraffic(percent);
  metrics.reset();
  if (percent === 50) newSystemIsBroken = true;
  const failed = await readEverything();
  const report = metrics.getPerformanceReport('new');
  console.log(`${percent} %: ${report.totalOperations} of 1000 reads on the new system, ${failed} failed`);
  if (report.successRate < 0.999) {
    splitter.setNewSystemTraffic(25);
    newSystemIsBroken = false;
    console.log(`  success rate ${report.successRate}: back to 25 %, ${await readEverything()} reads fail now`);
    splitter.setNewSystemTraffic(percent);
    assert.equal(await readEverything(), 0, 'repaired, the step is taken again');
    console.log(`  repaired, ${percent} % again: no read fails`);
  }
}
await router.close();
assert.equal(splitter.newSystemTrafficPercentage, 100);
assert.equal(mismatches.size, 0);
console.log('everything is served by the new system');
