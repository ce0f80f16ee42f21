import { readFile } from 'node:fs/promises';
import { type Checkbox, checkboxes } from '../workspace/checkboxes.ts';
import type { ChangeRef } from '../workspace/task-system.ts';
import type { FaultMeasure } from './fault-measure.ts';
import { Scratch } from './scratch.ts';

/** On the migration's own files: checkboxes that a reader sees and the system does not. */
export const invisibleTasks: FaultMeasure = {
  id: 'F1',
  title: 'Tasks of the files that are not shown',
  unit: 'tasks',
  async measure(context) {
    const files = new Map<ChangeRef, string>();
    for (const project of context.workspace.projects) {
      for (const { changeId, archived, path } of project.files) {
        if (!archived) files.set({ projectId: project.id, changeId }, await readFile(path, 'utf8'));
      }
    }
    const scratch = await Scratch.open(context, files);
    const found: { change: ChangeRef; boxes: Checkbox[]; missing: number; progress: number }[] = [];
    for (const [change, text] of files) {
      const boxes = checkboxes(text);
      const missing = countMissing(boxes, await scratch.tasks(change));
      found.push({ change, boxes, missing, progress: (await scratch.system.change(change)).progress });
    }
    await scratch.system.close();
    const worst = found.reduce((a, b) => (b.missing > a.missing ? b : a), found[0]!);
    const ticked = worst.boxes.filter(({ completed }) => completed).length;
    return {
      value: found.reduce((sum, { missing }) => sum + missing, 0),
      of: found.reduce((sum, { boxes }) => sum + boxes.length, 0),
      detail: `${worst.change.changeId} has ${ticked} of ${worst.boxes.length} ticked and shows ${worst.progress} %`,
    };
  },
};

/** Equal titles count as often as they stand there. */
function countMissing(boxes: readonly Checkbox[], shown: readonly { title: string }[]): number {
  const left = shown.map(({ title }) => title);
  let missing = 0;
  for (const { title } of boxes) {
    const index = left.indexOf(title);
    if (index < 0) missing++;
    else left.splice(index, 1);
  }
  return missing;
}
