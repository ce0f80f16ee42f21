import { readFile } from 'node:fs/promises';
import { editTask } from '../load/edit-file.ts';
import type { LoadTarget } from '../load/load-generator.ts';
import { firstTitle } from '../load/title-revision.ts';
import { WriteLedger } from '../load/write-ledger.ts';
import { checkboxes } from '../workspace/checkboxes.ts';
import { seededRandom } from '../workspace/random.ts';
import type { ChangeRef, RuntimeFields, TaskStatus } from '../workspace/task-system.ts';
import type { Workspace } from '../workspace/workspace.ts';

interface ClosingWrite {
  readonly change: ChangeRef;
  readonly path: string;
  readonly task: string;
  readonly completed: boolean;
  readonly fields: Required<RuntimeFields>;
}

/**
 * What people do after the cutover: every task gets its last title, tick, status and fields, as the seed says.
 *
 * It is what a rollback must not lose; and since it writes every field that the load writes, the end of a run does not
 * depend on when what happened before.
 */
export async function closingWork(workspace: Workspace, seed: number): Promise<ClosingWrite[]> {
  const random = seededRandom(seed);
  const writes: ClosingWrite[] = [];
  for (const project of workspace.projects) {
    for (const { changeId, archived, path } of project.files) {
      if (archived) continue;
      const titles = checkboxes(await readFile(path, 'utf8')).map(({ title }) => firstTitle(title));
      for (const task of titles.toSorted()) {
        const completed = random.chance(0.5);
        const status: TaskStatus = completed ? 'done' : random.pick(['todo', 'in-progress', 'review'] as const);
        const fields = {
          status,
          priority: random.pick(['low', 'medium', 'high'] as const),
          assignee: `owner ${random.integer(1, 1000)}`,
          description: `closed as ${random.integer(1, 1000)}`,
        };
        if (titles.filter((title) => title === task).length > 1) continue; // can't be told apart by whoever looks
        writes.push({ change: { projectId: project.id, changeId }, path, task, completed, fields });
      }
    }
  }
  return writes;
}

/** Does the work: ticks and titles in the files, the rest in the application. Done again, it leaves the same. */
export async function doClosingWork(
  writes: readonly ClosingWrite[],
  target: LoadTarget,
  options: { readonly settle: () => Promise<void>; readonly onWritten: (count: number) => void },
): Promise<void> {
  for (const { path, task, completed } of writes) {
    editTask(path, task, () => ({ title: closedTitle(task), completed }), 'atomic');
  }
  await options.settle();
  for (const [index, { change, task, fields }] of writes.entries()) {
    const { tasks } = await target.change(change);
    const shown = tasks.find(({ title }) => firstTitle(title) === task);
    if (!shown) throw new Error(`"${task}" of ${change.changeId} is not shown`);
    await target.update(change, shown.id, fields);
    options.onWritten(index + 1);
  }
}

/** What must be there when the work is done. */
export function expectedOf(writes: readonly ClosingWrite[]): WriteLedger {
  const ledger = new WriteLedger();
  for (const { change, task, completed, fields } of writes) {
    ledger.begin(change, task, 'title', closedTitle(task)).acknowledged();
    ledger.begin(change, task, 'completed', String(completed)).acknowledged();
    for (const [field, value] of Object.entries(fields)) {
      ledger.begin(change, task, field as keyof RuntimeFields, value).acknowledged();
    }
  }
  return ledger;
}

const closedTitle = (task: string) => `${task} (r999999)`;
