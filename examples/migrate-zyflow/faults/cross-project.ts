import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

/** Tasks that a project loses when another project has a change of the same name. */
export const crossProject: FaultMeasure = {
  id: 'F6',
  title: "Tasks taken over by another project's sync",
  unit: 'tasks',
  async measure(context) {
    const first = { projectId: 'first', changeId: 'release-checklist' };
    const second = { projectId: 'second', changeId: 'release-checklist' };
    const all = titles(12, 6);
    const files = new Map([first, second].map((change) => [change, numberedFile(all)]));
    const scratch = await Scratch.open(context, files);
    const kept = await scratch.tasks(first);
    await scratch.system.close();
    return {
      value: all.length - kept.length,
      of: all.length,
      detail: 'two projects from one template, synced one after the other',
    };
  },
};
