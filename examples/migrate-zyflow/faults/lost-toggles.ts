import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

/** Ticks that were acknowledged, all at once on different tasks of one file, and are gone afterwards. */
export const lostToggles: FaultMeasure = {
  id: 'F3',
  title: 'Acknowledged ticks lost, 20 at once',
  unit: 'ticks',
  async measure(context) {
    const change = { projectId: 'p', changeId: 'toggles' };
    const scratch = await Scratch.open(context, new Map([[change, numberedFile(titles(20, 3))]]));
    const tasks = await scratch.tasks(change);
    const answers = await Promise.allSettled(tasks.map(({ id }) => scratch.system.toggle(change, id)));
    await scratch.system.settle();
    const done = new Set((await scratch.tasks(change)).filter(({ status }) => status === 'done').map(({ id }) => id));
    await scratch.system.close();
    const acknowledged = tasks.filter((_task, index) => answers[index]!.status === 'fulfilled');
    return {
      value: acknowledged.filter(({ id }) => !done.has(id)).length,
      of: tasks.length,
      detail: `${acknowledged.length} acknowledged, ${tasks.length - acknowledged.length} refused`,
    };
  },
};
