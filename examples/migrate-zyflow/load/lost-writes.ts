import { readFile } from 'node:fs/promises';
import { checkboxes } from '../workspace/checkboxes.ts';
import type { ChangeRef, SeenTask, TaskSystem } from '../workspace/task-system.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { firstTitle, revision } from './title-revision.ts';
import type { ExpectedField, WriteLedger, WrittenField } from './write-ledger.ts';

/** An acknowledged write that is not there in the end. */
export interface LostWrite extends ExpectedField {
  readonly where: 'application' | 'file';
  /** What is there instead; null where the task itself is gone. */
  readonly found: string | null;
}

type Reader = (field: WrittenField) => string | null;
type Shown = ReadonlyMap<string, Reader>;

/**
 * Compares what was acknowledged with what the application shows and, for what files hold, with the files.
 *
 * Call it when the system has settled and nobody writes.
 */
export async function findLostWrites(
  ledger: WriteLedger,
  system: Pick<TaskSystem, 'change'>,
  workspace: Workspace,
): Promise<LostWrite[]> {
  const inApplication = remembered(async (change) => shownTasks((await system.change(change)).tasks));
  const inFiles = remembered((change) => shownBoxes(workspace, change));
  const lost: LostWrite[] = [];
  const look = (where: LostWrite['where'], shown: Shown, expected: ExpectedField) => {
    const found = shown.get(expected.task)?.(expected.field) ?? null;
    if (found === null || ![expected.value, ...expected.orElse].includes(found))
      lost.push({ ...expected, where, found });
  };
  for (const expected of ledger.expected()) {
    look('application', await inApplication(expected.change), expected);
    const standsInFile = expected.field === 'title' || expected.field === 'completed';
    if (standsInFile) look('file', await inFiles(expected.change), expected);
  }
  return lost;
}

function shownTasks(tasks: readonly SeenTask[]): Shown {
  const read = (task: SeenTask) => (field: WrittenField) =>
    field === 'completed' ? String(task.status === 'done') : task[field];
  // The legacy system keeps a row for each earlier wording (F4): the latest one is the task.
  const byWording = tasks.toSorted((a, b) => revision(a.title) - revision(b.title));
  return new Map(byWording.map((task) => [firstTitle(task.title), read(task)]));
}

async function shownBoxes(workspace: Workspace, { projectId, changeId }: ChangeRef): Promise<Shown> {
  const file = workspace.projects
    .find(({ id }) => id === projectId)!
    .files.find((each) => each.changeId === changeId && !each.archived)!;
  const boxes = checkboxes(await readFile(file.path, 'utf8'));
  return new Map(
    boxes.map(({ title, completed }) => [
      firstTitle(title),
      (field) => (field === 'completed' ? String(completed) : title),
    ]),
  );
}

/** Asks once for each change. */
function remembered(read: (change: ChangeRef) => Promise<Shown>): (change: ChangeRef) => Promise<Shown> {
  const known = new Map<string, Promise<Shown>>();
  return (change) => {
    const key = `${change.projectId}/${change.changeId}`;
    const shown = known.get(key) ?? read(change);
    known.set(key, shown);
    return shown;
  };
}
