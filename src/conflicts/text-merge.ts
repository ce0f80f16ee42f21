import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { mergeSequence, type Range } from './merge-sequence.ts';
import { isBalanced } from './sequence-balance.ts';

/** Lines that both sides changed differently. */
export interface TextConflict {
  /** The first line of the dispute in the merged text, counted from 1. */
  readonly line: number;
  readonly base: string;
  readonly local: string;
  readonly remote: string;
}

/** What {@link mergeText} gives. */
export interface MergedText {
  /** The merged text; the lines of a conflict stand in it as they were in the base. */
  readonly text: string;
  readonly conflicts: readonly TextConflict[];
}

/**
 * Merges two versions of a text line by line (diff3): edits of different lines all take effect, and edits of the same or
 * of adjoining lines are conflicts.
 *
 * Lines keep their ends: CRLF, LF and a last line without any come through as they are.
 *
 * @throws {@link InvalidArgumentError} if a version is not text.
 */
export function mergeText(versions: {
  readonly base: string;
  readonly local: string;
  readonly remote: string;
}): MergedText {
  checkObject(versions, 'versions');
  const base = linesOf(versions.base, 'base');
  const local = linesOf(versions.local, 'local');
  const remote = linesOf(versions.remote, 'remote');
  const lines: string[] = [];
  const conflicts: TextConflict[] = [];
  const cut = (from: readonly string[], range: Range) => from.slice(range.start, range.end);
  for (const range of mergeSequence({ base, local, remote })) {
    if (range.kind === 'conflict') {
      conflicts.push({
        line: lines.length + 1,
        base: cut(base, range.base).join(''),
        local: cut(local, range.local).join(''),
        remote: cut(remote, range.remote).join(''),
      });
    }
    const isLocal = range.kind === 'local' || range.kind === 'both';
    const chosen = isLocal
      ? cut(local, range.local)
      : range.kind === 'remote'
        ? cut(remote, range.remote)
        : cut(base, range.base);
    for (const line of chosen) lines.push(line);
  }
  return { text: lines.join(''), conflicts };
}

/** Both sides' edits of a sequence; undefined if both edited one stretch, or moved or removed the same (CF5). */
export function mergeTokens(versions: {
  readonly base: readonly string[];
  readonly local: readonly string[];
  readonly remote: readonly string[];
}): readonly string[] | undefined {
  const merged: string[] = [];
  for (const { kind, local, remote } of mergeSequence(versions)) {
    if (kind === 'conflict') return undefined;
    const chosen =
      kind === 'remote'
        ? versions.remote.slice(remote.start, remote.end)
        : versions.local.slice(local.start, local.end);
    for (const token of chosen) merged.push(token);
  }
  return isBalanced(versions, merged) ? merged : undefined;
}

/** Words, numbers, spaces and each other sign of a text. */
export function toWords(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{M}\p{N}_]+|./gsu) ?? [];
}

/** The lines of a text, each with its end. */
export function toLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

function linesOf(text: string, what: string): string[] {
  if (typeof text !== 'string') throw new InvalidArgumentError(what, 'text', text);
  return toLines(text);
}
