import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../load/percentile.ts';
import { seededRandom } from '../workspace/random.ts';
import type { ChangeRef } from '../workspace/task-system.ts';
import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

const files = 8;
const savesOfEach = 5;
const giveUpMs = 5000;

/** How long after a file was saved the application shows it, while the system watches by itself. */
export const syncLatency: FaultMeasure = {
  id: 'LAT',
  title: 'From a saved file to the application, p95',
  unit: 'ms',
  async measure(context) {
    const changes = Array.from({ length: files }, (_, n) => ({ projectId: 'p', changeId: `saved-${n + 1}` }));
    const all = new Map(changes.map((change, n) => [change, titles(10, 900 + n)]));
    const scratch = await Scratch.open(context, new Map([...all].map(([change, own]) => [change, numberedFile(own)])));
    const watcher = await scratch.system.watch();
    const random = seededRandom(99);
    const saver = async ([change, own]: [ChangeRef, string[]]) => {
      const samples: number[] = [];
      for (let save = 1; save <= savesOfEach; save++) {
        await sleep(random.integer(10, 120), undefined, { signal: context.signal });
        const title = `Saved for the ${save}. time`;
        const savedAt = performance.now();
        await scratch.save(change, numberedFile([...own, title]));
        samples.push(await seen(scratch, change, title, savedAt));
      }
      return samples;
    };
    try {
      const samples = (await Promise.all([...all].map(saver))).flat().sort((a, b) => a - b);
      const [p50, p95, p99] = [50, 95, 99].map((p) => percentile(samples, p)) as [number, number, number];
      const detail = `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms of ${samples.length} saves`;
      return { value: p95, detail, samples };
    } finally {
      await watcher.close();
      await scratch.system.close();
    }
  },
};

async function seen(scratch: Scratch, change: ChangeRef, title: string, savedAt: number): Promise<number> {
  for (;;) {
    const tasks = await scratch.tasks(change);
    const elapsed = performance.now() - savedAt;
    if (tasks.some((task) => task.title === title)) return elapsed;
    if (elapsed > giveUpMs) throw new Error(`what was saved in ${change.changeId} is not shown after ${giveUpMs} ms`);
    await sleep(1);
  }
}
