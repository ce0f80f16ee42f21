import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

/** Tasks that have another task's assignee once somebody has inserted one above and numbered the rest anew. */
export const takenOverRows: FaultMeasure = {
  id: 'F5',
  title: 'Tasks taken over by another after renumbering',
  unit: 'tasks',
  async measure(context) {
    const change = { projectId: 'p', changeId: 'renumbered' };
    const [inserted, ...all] = titles(21, 5);
    const files = new Map([[change, numberedFile(all)]]);
    const scratch = await Scratch.open(context, files, { legacyIdentity: 'position' });
    for (const { id, title } of await scratch.tasks(change)) {
      await scratch.system.update(change, id, { assignee: `owner of ${title}` });
    }
    await scratch.saveAndSync(change, numberedFile([inserted!, ...all]));
    const own = (await scratch.tasks(change)).filter(({ title, assignee }) => assignee === `owner of ${title}`);
    await scratch.system.close();
    return {
      value: all.length - own.length,
      of: all.length,
      detail: 'rows known by position, as the legacy system knew them until 351d614; one task inserted at the top',
    };
  },
};
