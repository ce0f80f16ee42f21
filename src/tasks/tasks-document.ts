import { toLines } from '../conflicts/text-merge.ts';
import { checkObject } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { describeTasks } from './describe-tasks.ts';
import { matchTasks, type TaskFeatures, uidMaker } from './match-tasks.ts';
import { type ScannedLine, scanLines } from './scan-lines.ts';
import type { Task } from './task.ts';
import { printTaskLine } from './task-line.ts';

/** How a tasks.md is parsed. */
export interface ParseTasksOptions {
  /**
   * The version before: its tasks keep their identity, and versions count on from its. A document is one, and so is what a
   * fold of events knows, with the version of their stream.
   */
  readonly previous?:
    | {
        readonly tasks: readonly (TaskFeatures & { readonly taskUid: string })[];
        readonly version?: number | undefined;
      }
    | undefined;
  /** Names the file among others, so that equal titles in two files are two tasks. Default: the previous one's, or ''. */
  readonly scope?: string | undefined;
}

/**
 * A tasks.md, read without loss: printing gives the text again, byte for byte, and an edit of one task changes that
 * line alone (SY5).
 *
 * Tasks are GitHub's task list items with any bullet, under any heading or none, at any depth, outside fenced code. Line
 * ends, a byte order mark, tabs and everything that is no task stay as they are. Immutable: an edit gives a new document.
 *
 * @example
 * ```ts
 * const before = TasksDocument.parse(text);
 * const after = before.setCompleted(before.tasks[0].taskUid, true);
 * await writeFile(path, after.toString());
 * ```
 */
export class TasksDocument {
  readonly tasks: readonly Task[];
  /** Counts the versions: one more than the previous one's at each edit or parse, 1 where none is known. */
  readonly version: number;
  readonly scope: string;
  readonly #lines: readonly ScannedLine[];
  readonly #indexByUid: ReadonlyMap<string, number>;

  private constructor(
    lines: readonly ScannedLine[],
    tasks: readonly Omit<Task, 'taskUid'>[],
    uids: readonly string[],
    version: number,
    scope: string,
  ) {
    this.#lines = lines;
    this.version = version;
    this.scope = scope;
    this.tasks = Object.freeze(tasks.map((task, index) => Object.freeze({ taskUid: uids[index]!, ...task })));
    this.#indexByUid = new Map(uids.map((uid, index) => [uid, index]));
  }

  /**
   * Reads any text; one without a task is a document without tasks.
   *
   * @throws {@link InvalidArgumentError} if it is no text.
   */
  static parse(text: string, options: ParseTasksOptions = {}): TasksDocument {
    if (typeof text !== 'string') throw new InvalidArgumentError('text', 'text', text);
    checkObject(options);
    const { previous } = options;
    const before = checkInteger(previous?.version ?? 0, 0, 'options.previous.version');
    const scope = options.scope ?? (previous instanceof TasksDocument ? previous.scope : '');
    const lines = scanLines(toLines(text));
    const tasks = describeTasks(lines);
    const uids = matchTasks(tasks, previous?.tasks ?? [], scope);
    return new TasksDocument(lines, tasks, uids, before + 1, scope);
  }

  /** The text, byte for byte. */
  toString(): string {
    return this.#lines.map((line) => line.text).join('');
  }

  /** What each line is, for whoever works on lines. */
  get lines(): readonly ScannedLine[] {
    return this.#lines;
  }

  /** The task of this identity; undefined if there is none. */
  get(taskUid: string): Task | undefined {
    const index = this.#indexByUid.get(taskUid);
    return index === undefined ? undefined : this.tasks[index];
  }

  /**
   * Ticks a task or takes the tick away; a task that is so already stays as it is, to the letter.
   *
   * @throws {@link InvalidArgumentError} if there is no such task.
   */
  setCompleted(taskUid: string, completed: boolean): TasksDocument {
    const task = this.#task(taskUid);
    if (task.completed === completed) return this;
    return this.#replaceLine(task, { mark: completed ? 'x' : ' ' });
  }

  /**
   * Gives a task another title.
   *
   * @throws {@link InvalidArgumentError} if there is no such task, or the title would not be read as it is: empty, of
   * several lines, with white space around it or a number before it.
   */
  setTitle(taskUid: string, title: string): TasksDocument {
    const task = this.#task(taskUid);
    if (task.title === title) return this;
    return this.#replaceLine(task, { title }).#checked(taskUid, title, task.displayId);
  }

  /**
   * Adds a task behind another, its nested tasks and notes included; without `after`, behind the last task of the file.
   *
   * It is written as its neighbour is: same indentation, bullet and line end.
   *
   * @returns The document, in which the task is the one with `taskUid`.
   * @throws {@link InvalidArgumentError} as `setTitle` does.
   */
  add(title: string, options: { readonly after?: string; readonly displayId?: string } = {}): TasksDocument {
    const neighbour = options.after === undefined ? this.tasks.at(-1) : this.#task(options.after);
    const line = neighbour && this.#lines[neighbour.line - 1];
    const { prefix, gap } = line?.kind === 'task' ? line.parts : { prefix: '- ', gap: ' ' };
    const last = neighbour && this.#lastOf(neighbour);
    const at = last ? last.line + toLines(last.description).length : this.#lines.length;
    const lineEnd = this.#lineEndAt(neighbour?.line ?? at);
    const number = options.displayId === undefined ? '' : `${options.displayId} `;
    const parts = { prefix: prefix.replace('\uFEFF', ''), mark: ' ', gap: gap || ' ', number, title, tail: lineEnd };
    const texts = this.#lines.map((each) => each.text);
    if (at > 0 && !texts[at - 1]!.endsWith('\n')) texts[at - 1] += lineEnd;
    texts.splice(at, 0, printTaskLine(parts));
    const uids = this.tasks.map((task) => task.taskUid);
    const taskUid = uidMaker(this.scope, new Set(uids))(title);
    uids.splice(last ? this.tasks.indexOf(last) + 1 : 0, 0, taskUid);
    const lines = scanLines(texts);
    const tasks = describeTasks(lines);
    if (tasks.length !== uids.length) throw unreadable(title);
    const edited = new TasksDocument(lines, tasks, uids, this.version + 1, this.scope);
    return edited.#checked(taskUid, title, options.displayId);
  }

  /**
   * Removes a task with what stands below it; tasks nested in it stay.
   *
   * @throws {@link InvalidArgumentError} if there is no such task.
   */
  remove(taskUid: string): TasksDocument {
    const task = this.#task(taskUid);
    const texts = this.#lines.map(({ text }) => text);
    const [first] = texts.splice(task.line - 1, 1 + toLines(task.description).length);
    if (first!.startsWith('\uFEFF')) texts[0] = `\uFEFF${texts[0] ?? ''}`;
    const lines = scanLines(texts);
    const tasks = describeTasks(lines);
    // Code below what is gone may end elsewhere now, so the others are looked for rather than counted.
    const uids = matchTasks(
      tasks,
      this.tasks.filter((each) => each !== task),
      this.scope,
    );
    return new TasksDocument(lines, tasks, uids, this.version + 1, this.scope);
  }

  #task(taskUid: string): Task {
    const task = this.get(taskUid);
    if (!task) throw new InvalidArgumentError('taskUid', 'the taskUid of a task in this document', taskUid);
    return task;
  }

  /** The last task nested in this one, or itself. */
  #lastOf(task: Task): Task {
    const index = this.tasks.indexOf(task);
    const next = this.tasks.findIndex(
      (each, at) => at > index && (each.depth <= task.depth || each.section !== task.section),
    );
    return this.tasks.at(next < 0 ? -1 : next - 1)!;
  }

  /** The end of the nearest line, from this one upwards, that has one. */
  #lineEndAt(line: number): string {
    const near = this.#lines.slice(0, line).findLast(({ text }) => text.endsWith('\n')) ?? this.#lines[0];
    return near?.text.endsWith('\r\n') ? '\r\n' : '\n';
  }

  #replaceLine(task: Task, change: { readonly mark?: string; readonly title?: string }): TasksDocument {
    const lines = [...this.#lines];
    const line = lines[task.line - 1]!;
    if (line.kind !== 'task') throw new InvalidArgumentError('taskUid', 'a task', task.taskUid);
    const parts = { ...line.parts, ...change };
    if (parts.title !== '') parts.gap ||= ' ';
    lines[task.line - 1] = { kind: 'task', text: printTaskLine(parts), parts };
    const uids = this.tasks.map((each) => each.taskUid);
    return new TasksDocument(lines, describeTasks(lines), uids, this.version + 1, this.scope);
  }

  /** This document, if the task is read as it was meant. */
  #checked(taskUid: string, title: string, displayId: string | null | undefined): TasksDocument {
    const { line } = this.get(taskUid)!;
    const [read] = describeTasks(scanLines(toLines(this.#lines[line - 1]!.text).slice(0, 1)));
    const isSame = read?.title === title && read.displayId === (displayId ?? null);
    if (!isSame || title.trim() !== title || title === '') throw unreadable(title);
    return this;
  }
}

function unreadable(title: string): InvalidArgumentError {
  const expected = 'one line of text outside fenced code, without white space around it or a number before it';
  return new InvalidArgumentError('title', expected, title);
}
