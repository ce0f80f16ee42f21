import type { FaultMeasure } from './fault-measure.ts';
import { numberedFile, Scratch, titles } from './scratch.ts';

/** Tasks that cannot be made in the application because a synced one has their id. */
export const idCollisions: FaultMeasure = {
  id: 'F8',
  title: 'New tasks refused for an id that is taken',
  unit: 'tasks',
  async measure(context) {
    const change = { projectId: 'p', changeId: 'synced' };
    const scratch = await Scratch.open(context, new Map([[change, numberedFile(titles(10, 8))]]));
    const refused: string[] = [];
    const made = titles(10, 88);
    for (const title of made) {
      await scratch.system.createTask('p', title).catch((error: Error) => refused.push(error.message));
    }
    await scratch.system.close();
    return { value: refused.length, of: made.length, detail: refused[0] ?? 'every one was made' };
  },
};
