import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../workspace/random.ts';
import type { ChangeRef, OpenOptions, ProjectFolder, SeenTask, TaskSystem } from '../workspace/task-system.ts';
import { englishWords } from '../workspace/vocabulary.ts';
import type { MeasureContext } from './fault-measure.ts';

/** A project folder of one measure, with the system opened on it. */
export class Scratch {
  readonly system: TaskSystem;
  readonly options: OpenOptions;

  private constructor(system: TaskSystem, options: OpenOptions) {
    this.system = system;
    this.options = options;
  }

  /** Writes the files, opens the system on them and syncs every change once, project by project. */
  static async open(
    context: MeasureContext,
    files: ReadonlyMap<ChangeRef, string>,
    options: Partial<OpenOptions> = {},
  ): Promise<Scratch> {
    const ids = [...new Set([...files.keys()].map(({ projectId }) => projectId))];
    const projects: ProjectFolder[] = ids.map((id) => ({ id, path: join(context.folder, id) }));
    const opened = { projects, databaseFile: join(context.folder, 'tasks.db'), ...options };
    for (const [change, text] of files) await save(opened, change, text);
    const scratch = new Scratch(await context.system.open(opened), opened);
    for (const change of files.keys()) await scratch.system.sync(change);
    return scratch;
  }

  /** Saves a tasks.md as an editor does. */
  save(change: ChangeRef, text: string): Promise<void> {
    return save(this.options, change, text);
  }

  async saveAndSync(change: ChangeRef, text: string): Promise<void> {
    await this.save(change, text);
    await this.system.sync(change);
  }

  /** The tasks the system shows, archived ones left out. */
  async tasks(change: ChangeRef): Promise<SeenTask[]> {
    return (await this.system.change(change)).tasks.filter(({ status }) => status !== 'archived');
  }

  async task(change: ChangeRef, title: string): Promise<SeenTask> {
    const task = (await this.tasks(change)).find((each) => each.title === title);
    if (!task) throw new Error(`the system shows no task "${title}" in ${change.changeId}`);
    return task;
  }
}

async function save({ projects }: OpenOptions, { projectId, changeId }: ChangeRef, text: string): Promise<void> {
  const folder = join(projects.find(({ id }) => id === projectId)!.path, 'openspec', 'changes', changeId);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'tasks.md'), text);
}

/** A tasks.md of one numbered section. */
export function numberedFile(titles: readonly string[], ticked: readonly string[] = []): string {
  const lines = titles.map((title, index) => `- [${ticked.includes(title) ? 'x' : ' '}] 1.${index + 1} ${title}`);
  return `# Tasks\n\n## 1. Work\n\n${lines.join('\n')}\n`;
}

/** Titles that differ, in the words of real ones. */
export function titles(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const found = new Set<string>();
  while (found.size < count) found.add(englishWords.task(random));
  return [...found];
}
