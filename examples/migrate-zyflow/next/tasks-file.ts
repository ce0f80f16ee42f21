import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type TaskList, TasksDocument } from '@zyflow/migration/tasks';

/**
 * Reads a tasks.md, edits it and writes it back, all in one go: nobody else in this process comes in between, and whoever
 * reads the file finds the old text or the new one, never half of it.
 *
 * @param before - The tasks as they are known, so that those of the file keep their identity.
 * @returns The document as it stands in the file now.
 */
export function editTasksFile(
  path: string,
  scope: string,
  before: TaskList,
  edit: (document: TasksDocument) => TasksDocument,
): TasksDocument {
  const text = readFileSync(path, 'utf8');
  const document = TasksDocument.parse(text, { previous: before, scope });
  const edited = edit(document);
  const written = edited.toString();
  if (written !== text) {
    writeFileSync(`${path}.next`, written);
    renameSync(`${path}.next`, path);
  }
  return edited;
}
