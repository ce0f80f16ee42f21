import { sectionOf } from './parse-tasks-file.ts';

/**
 * Flips one checkbox of a tasks.md, as ZyFlow's server does.
 *
 * It flips, it does not set (F3): two people who both tick a task leave it unticked.
 *
 * @throws {Error} `Task not found`, also for a file that was read while somebody wrote it.
 */
export function toggleTaskInFile(content: string, taskId: string): { newContent: string; completed: boolean } {
  const lines = content.split('\n');
  const number = /^task-([\d-]+)$/.exec(taskId)?.[1]?.replaceAll('-', '.');
  let groupId = '';
  let plainSections = 0;
  let tasksInGroup = 0;
  for (const [index, line] of lines.entries()) {
    const section = sectionOf(line);
    const subsection = /^###\s+([\d.]+)\s+.+$/.exec(line);
    if (section?.kind === 'plain') groupId = `group-${++plainSections}`;
    else if (section) groupId = section.id;
    else if (subsection) groupId = `group-${subsection[1]!.replaceAll('.', '-')}`;
    if (section || subsection) tasksInGroup = 0;
    const task = /^(-\s+\[)([ xX])(\]\s+)(.+)$/.exec(line);
    if (!task) continue;
    tasksInGroup++;
    const [, before, box, between, rest] = task;
    const ownNumber = /^([\d.]+)\s+.+$/.exec(rest!)?.[1];
    const found = ownNumber === undefined ? taskId === `task-${groupId}-${tasksInGroup}` : ownNumber === number;
    if (!found) continue;
    const completed = box === ' ';
    lines[index] = `${before}${completed ? 'x' : ' '}${between}${rest}`;
    return { newContent: lines.join('\n'), completed };
  }
  throw new Error(`Task not found: ${taskId}`);
}
