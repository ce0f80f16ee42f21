import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

/** Statuses that people set in the application, and that a tick on another task's checkbox takes back. */
export const lostStatus: FaultMeasure = {
  id: 'F2',
  title: 'Statuses lost to the next sync',
  unit: 'statuses',
  async measure(context) {
    const change = { projectId: 'p', changeId: 'status' };
    const all = titles(13, 2);
    const [ticked, ...set] = all;
    const scratch = await Scratch.open(context, new Map([[change, numberedFile(all)]]));
    const statuses = ['in-progress', 'review', 'archived'] as const;
    const wanted = new Map(set.map((title, index) => [title, statuses[index % statuses.length]!]));
    for (const [title, status] of wanted) {
      await scratch.system.update(change, (await scratch.task(change, title)).id, { status });
    }
    await scratch.saveAndSync(change, numberedFile(all, [ticked!]));
    const { tasks } = await scratch.system.change(change);
    await scratch.system.close();
    const kept = tasks.filter(({ title, status }) => wanted.get(title) === status).length;
    return {
      value: wanted.size - kept,
      of: wanted.size,
      detail: 'in-progress, review and archived, then one other task is ticked in the file',
    };
  },
};
