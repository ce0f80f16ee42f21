import { applyResolutions } from '../conflicts/apply-resolutions.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import { ResolutionOutdatedError } from '../conflicts/errors.ts';
import type { Location } from '../conflicts/location.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { jsonEqual } from '../core/json-value.ts';
import { removeMarkers } from './conflict-comments.ts';
import { formatOf, fromPlain, toPlain } from './file-format.ts';
import { keepRewritten } from './pair-rewritten.ts';
import { hasLinesOf, printBlocks } from './print-blocks.ts';
import { type Block, blocksOf, printLine } from './task-blocks.ts';
import { parseTaskLine } from './task-line.ts';
import { TasksDocument } from './tasks-document.ts';

/**
 * A merged tasks.md with each decision in its place, and everything else as it is (CF7, SY5).
 *
 * Works on the text that `mergeTasks` gave, with markers (all are taken out) or without, and on a later version of it, as
 * long as nobody has changed what was in dispute. A decision that has been applied already changes nothing, and neither
 * does a `ManualResolutionRequired`.
 *
 * @param base - The base of that merge: it tells which task is which.
 * @throws {@link ResolutionOutdatedError} if what was in dispute is no longer as the conflict says: merge again.
 * @throws {@link InvalidArgumentError} if a decided value would not be read as what it stands for.
 *
 * @example
 * ```ts
 * const { text, conflicts } = mergeTasks({ base, local, remote });
 * const resolutions = await new AutoConflictResolver().resolve(conflicts);
 * await writeFile(path, applyTaskResolutions(text, resolutions, base));
 * ```
 */
export function applyTaskResolutions(text: string, resolutions: readonly ConflictResolution[], base: string): string {
  for (const [name, value] of Object.entries({ text, base })) {
    if (typeof value !== 'string') throw new InvalidArgumentError(name, 'text', value);
  }
  if (!Array.isArray(resolutions)) throw new InvalidArgumentError('resolutions', 'a list of resolutions', resolutions);
  const unmarked = removeMarkers(text);
  const whole = resolutions.filter(({ conflict }) => typeof conflict.baseValue === 'string' && conflict.path === '');
  if (whole.length > 0) return checkedText(applyResolutions<unknown>(unmarked, whole));
  const decided = decide(unmarked, resolutions, base);
  if (!isDecided(decided, resolutions, base)) throw unreadable(decided);
  return decided;
}

function decide(text: string, resolutions: readonly ConflictResolution[], base: string): string {
  const formats = [text, base].map(formatOf);
  // Conflicts of files with line ends of one kind hold plain ones.
  const isMixed = formats.some((format) => format.isMixed) || JSON.stringify(resolutions).includes('\\r\\n');
  const format = { ...formats[0]!, isMixed };
  const document = TasksDocument.parse(toPlain(base, format));
  const before = blocksOf(document);
  const parsed = blocksOf(TasksDocument.parse(toPlain(text, format), { previous: document }), document);
  keepRewritten(before, parsed);
  const blocks = pinTwins(parsed, before, resolutions);
  const decided = applyResolutions<readonly Block[]>(blocks, resolutions);
  const result = printBlocks(decided);
  const known = new Set(blocks);
  if (!decided.every(isBlock) || !hasLinesOf(result, decided, (block) => !known.has(block))) throw unreadable(result);
  return fromPlain(result, format);
}

/** Whether nothing is left to decide: in code, or among twins, a decision could find something more to change. */
function isDecided(text: string, resolutions: readonly ConflictResolution[], base: string): boolean {
  try {
    return decide(text, resolutions, base) === text;
  } catch (error) {
    if (error instanceof ResolutionOutdatedError) return true;
    throw error;
  }
}

function unreadable(result: string): InvalidArgumentError {
  return new InvalidArgumentError(
    'resolutions',
    'values that are read as the tasks, headings or texts they are',
    result,
  );
}

/**
 * Of several blocks with the same words, the one in dispute is that which still stands where the merge put it. One that is
 * not known any more is that which has what was decided.
 */
function pinTwins(
  blocks: readonly Block[],
  base: readonly Block[],
  resolutions: readonly ConflictResolution[],
): readonly Block[] {
  const words = new Map(base.map((block) => [block.id, wordsOf(block)]));
  const pinned = [...blocks];
  for (const { conflict, value } of resolutions) {
    const [item, ...path] = conflict.location;
    if (typeof item !== 'object') continue;
    const [id, here] = [String(item.value), pinned[item.index]];
    if (words.has(id) && !pinned.some((block) => block.id === id)) {
      const made = pinned.findIndex((block) => !words.has(block.id) && hasValue(block, path, value));
      if (made >= 0) pinned[made] = { ...pinned[made]!, id };
      continue;
    }
    if (!here || here.id === id || wordsOf(here) !== words.get(id)) continue;
    const other = pinned.findIndex((block) => block.id === id);
    if (other >= 0) pinned[other] = { ...pinned[other]!, id: here.id };
    pinned[item.index] = { ...here, id };
  }
  return pinned;
}

/** Whether the block has what was decided of it, or of a part of it. */
function hasValue(block: Block, path: Location, value: unknown): boolean {
  if (path.length === 0) return value !== undefined && wordsOf(value as Block) === wordsOf(block);
  return path.reduce<unknown>((part, key) => (part as Record<string, unknown> | null)?.[String(key)], block) === value;
}

function wordsOf({ line, body }: Block): string {
  return line === null ? body : 'title' in line ? `- ${line.title}` : String(line.heading);
}

function checkedText(text: unknown): string {
  if (typeof text !== 'string') throw new InvalidArgumentError('resolution.value', 'the text of the file', text);
  return text;
}

function isBlock(block: Block): boolean {
  const { lead, line, body } = block;
  if (![lead, body].every((lines) => typeof lines === 'string' && (lines === '' || lines.endsWith('\n')))) return false;
  return line === null || !('mark' in line) || jsonEqual(parseTaskLine(printLine(block)), line);
}
