import { type Conflict, FieldConflict } from '../conflicts/conflict.ts';
import { threeWayMerge } from '../conflicts/three-way-merge.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { jsonEqual } from '../core/json-value.ts';
import { type Block, blocksOf, printLine } from './task-blocks.ts';
import type { TaskLine } from './task-line.ts';
import { TasksDocument } from './tasks-document.ts';

/** What {@link mergeTasks} gives. */
export interface MergedTasks {
  /** The merged file; what nobody has decided stands in it as in the base. */
  readonly text: string;
  /** What is left to decide. Each location begins with the task's `taskUid`, or with the heading or text. */
  readonly conflicts: readonly Conflict[];
}

/** The three versions of a text. */
export interface TaskFileVersions {
  readonly base: string;
  readonly local: string;
  readonly remote: string;
}

/**
 * Merges two versions of a tasks.md that come from one base: by tasks, headings and texts, not by lines (CF1 to CF5).
 *
 * Edits of different tasks, and of different parts of one (its tick, number, title, notes), all take effect; additions of
 * both sides stay, and an edit survives the other side's move. What no side touched stays as it is, byte for byte.
 *
 * No dispute, and settled without a word: a task that both sides numbered anew takes the higher number; one that a side
 * removed is gone although the other side numbered it anew; one that both sides added is ticked if either ticked it.
 *
 * @throws {@link InvalidArgumentError} if a version is no text, or has lone surrogates in it.
 */
export function mergeTasks(versions: TaskFileVersions): MergedTasks {
  const texts = [versions.base, versions.local, versions.remote];
  for (const text of texts) {
    if (typeof text !== 'string' || !text.isWellFormed())
      throw new InvalidArgumentError('version', 'well-formed text', text);
  }
  const marks = texts.map((text) => (text.startsWith('\uFEFF') ? '\uFEFF' : ''));
  const mark = marks[0] === marks[1] ? marks[2]! : marks[1]!;
  const [base, local, remote] = texts.map((text, index) => text.slice(marks[index]!.length)) as [
    string,
    string,
    string,
  ];
  const before = TasksDocument.parse(base);
  const [b, l, r] = [base, local, remote].map((text) =>
    blocksOf(text === base ? before : TasksDocument.parse(text, { previous: before }), before),
  ) as [Block[], Block[], Block[]];
  settleTrifles(b, l, r);
  const { state, conflicts } = threeWayMerge<readonly Block[]>({ base: b, local: l, remote: r });
  const text = print(state, lineEndOf({ base, local, remote }));
  if (isReadBack(text, state)) return { text: mark + text, conflicts };
  const reason = 'what both sides wrote would not be read as tasks any more if it stood in one file';
  const { base: baseValue, local: localValue, remote: remoteValue } = versions;
  return {
    text: baseValue,
    conflicts: [new FieldConflict({ location: [], baseValue, localValue, remoteValue, reason })],
  };
}

/** What both sides did to one task and is no dispute: see `mergeTasks`. */
function settleTrifles(base: readonly Block[], local: Block[], remote: Block[]): void {
  const inBase = new Map(base.map((block) => [block.id, block]));
  const inRemote = new Map(remote.map((block, index) => [block.id, index]));
  for (const [index, ours] of local.entries()) {
    const before = inBase.get(ours.id);
    const other = inRemote.get(ours.id);
    const theirs = remote[other ?? -1];
    if (other === undefined || !theirs) {
      if (before && isNumberedAnew(before, ours)) local[index] = before;
      continue;
    }
    const settled = settledParts(taskLine(before), taskLine(ours), taskLine(theirs));
    local[index] = withParts(ours, settled);
    remote[other] = withParts(theirs, settled);
  }
  const inLocal = new Set(local.map(({ id }) => id));
  for (const [index, theirs] of remote.entries()) {
    const before = inBase.get(theirs.id);
    if (before && !inLocal.has(theirs.id) && isNumberedAnew(before, theirs)) remote[index] = before;
  }
}

type Parts = Partial<Pick<TaskLine, 'mark' | 'number'>>;

function settledParts(before: TaskLine | undefined, ours?: TaskLine, theirs?: TaskLine): Parts {
  if (!ours || !theirs) return {};
  const isSettled = (part: keyof Parts) =>
    ours[part] !== theirs[part] && (!before || (ours[part] !== before[part] && theirs[part] !== before[part]));
  // Three different marks: beside a space there are two, `x` and `X`, and from one to the other nothing happened.
  const mark = isSettled('mark') ? { mark: before && before.mark !== ' ' ? ' ' : 'x' } : {};
  return isSettled('number') ? { ...mark, number: higherNumber(ours.number, theirs.number) } : mark;
}

/** Whether the number, or the blank lines before it, is all that changed. */
function isNumberedAnew(before: Block, after: Block): boolean {
  const number = taskLine(before)?.number;
  return number !== undefined && jsonEqual({ ...withParts(after, { number }), lead: before.lead }, before);
}

function taskLine(block: Block | undefined): TaskLine | undefined {
  return block?.line && 'mark' in block.line ? (block.line as TaskLine) : undefined;
}

function withParts(block: Block, parts: Parts): Block {
  const line = taskLine(block);
  return line && Object.keys(parts).length > 0 ? { ...block, line: { ...line, ...parts } } : block;
}

function higherNumber(a: string, b: string): string {
  const [left, right] = [a, b].map((number) => number.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? -1) - (right![i] ?? -1);
    if (difference !== 0) return difference > 0 ? a : b;
  }
  return a < b ? a : b;
}

function print(blocks: readonly Block[], lineEnd: string): string {
  const pieces = blocks.flatMap((block) => [block.lead, printLine(block), block.body]).filter((piece) => piece !== '');
  // What was the last line of one side, without an end, may stand in the middle now.
  return pieces
    .map((piece, at) => (at < pieces.length - 1 && !piece.endsWith('\n') ? piece + lineEnd : piece))
    .join('');
}

/** Whether the tasks and headings of the text are those of the blocks: an open fence may have swallowed some. */
function isReadBack(text: string, blocks: readonly Block[]): boolean {
  const read = TasksDocument.parse(text).lines.filter(({ kind }) => kind === 'task' || kind === 'heading');
  const written = blocks.map(printLine).filter((line) => line !== '');
  return read.length === written.length && read.every((line, at) => line.text.startsWith(written[at]!));
}

function lineEndOf({ base, local, remote }: TaskFileVersions): string {
  return (base.includes('\n') ? base : local + remote).includes('\r\n') ? '\r\n' : '\n';
}
