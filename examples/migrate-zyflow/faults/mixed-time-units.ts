import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

const minute = 60_000;

/** Tasks that somebody has just worked on, and that are not on top of "last changed first". */
export const mixedTimeUnits: FaultMeasure = {
  id: 'F10',
  title: 'Tasks in the wrong place of "last changed first"',
  unit: 'tasks',
  async measure(context) {
    const change = { projectId: 'p', changeId: 'recent' };
    const all = titles(12, 10);
    let now = Date.UTC(2026, 0, 5, 9);
    const options = { now: () => now };
    const scratch = await Scratch.open(context, new Map([[change, numberedFile(all)]]), options);
    const touched = all.filter((_title, index) => index % 2 === 0);
    for (const title of touched) {
      now += minute;
      await scratch.system.update(change, (await scratch.task(change, title)).id, { priority: 'high' });
    }
    const tasks = (await scratch.tasks(change)).toSorted((a, b) => b.updatedAt - a.updatedAt);
    await scratch.system.close();
    const wanted = touched.toReversed();
    const misplaced = wanted.filter((title, index) => tasks[index]?.title !== title);
    return {
      value: misplaced.length,
      of: wanted.length,
      detail: 'synced first, then changed in the application minute by minute',
    };
  },
};
