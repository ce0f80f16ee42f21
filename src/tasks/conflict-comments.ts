import { type Conflict, StructuralConflict } from '../conflicts/conflict.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { type Block, printLine } from './task-blocks.ts';
import { indentOf } from './task-line.ts';

// Each line in a comment begins with a word, so that none of them is read as a task, a heading or a fence.
const comments =
  /^(\uFEFF?)[ \t]*<!-- merge conflict: .*\r?\n(?:[ \t]*(?:local |remote) \| .*\r?\n)*[ \t]*-->(?:\r?\n|$)/gm;

/** A marked file without the comments that `mergeTasks` put into it: what it would have given without `markers`. */
export function removeMarkers(text: string): string {
  if (typeof text !== 'string') throw new InvalidArgumentError('text', 'text', text);
  return text.replace(comments, '$1');
}

/** By block: the conflicts about it as HTML comments, which stand before it and are seen by whoever edits the file. */
export function commentsOf(conflicts: readonly Conflict[], blocks: readonly Block[]): Map<number, string> {
  const comments = new Map<number, string>();
  const hasLines = (block: Block) => printLine(block) + block.body !== '';
  for (const conflict of conflicts) {
    const [item] = conflict.location;
    const first = conflict instanceof StructuralConflict && Array.isArray(conflict.baseValue) && conflict.baseValue[0];
    let at = typeof item === 'object' ? item.index : blocks.findIndex(({ id }) => id === first);
    // Before something, so that a last line without an end stays the last.
    if (!blocks.slice(at).some(hasLines)) at = blocks.findLastIndex(hasLines);
    at = Math.max(at, 0);
    comments.set(at, (comments.get(at) ?? '') + commentOf(conflict, indentBetween(blocks[at - 1], blocks[at])));
  }
  return comments;
}

/** One conflict as a comment. */
export function commentOf({ reason, shown }: Conflict, indent: string): string {
  const linesOf = (text = '(nothing)') => text.split('\n');
  const lines = [
    `<!-- merge conflict: ${reason}`,
    ...linesOf(shown?.local).map((line) => `local  | ${line}`),
    ...linesOf(shown?.remote).map((line) => `remote | ${line}`),
  ];
  // Nothing inside ends the comment.
  const inside = lines.map((line) => line.replaceAll(/--(!?)>/g, '--$1&gt;').replace(/[\r\n]+/g, ' '));
  return [...inside, '-->'].map((line) => `${indent}${line}\n`).join('');
}

/** Deeper than both tasks, so that it belongs to the notes of the one above and the other stays nested where it is. */
function indentBetween(above: Block | undefined, block: Block | undefined): string {
  if (!block?.line || !('prefix' in block.line)) return '';
  const [one = '', other] = [block, above].flatMap((each) =>
    each?.line && 'prefix' in each.line ? [/^[ \t]*/.exec(String(each.line.prefix))![0]] : [],
  );
  return `${other !== undefined && indentOf(other) > indentOf(one) ? other : one}  `;
}
