import { Conflict, FieldConflict } from '../conflicts/conflict.ts';
import { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import { ResolutionOutdatedError } from '../conflicts/errors.ts';
import { type ThreeWayMergeResult, threeWayMerge } from '../conflicts/three-way-merge.ts';
import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { applyTaskResolutions } from './apply-task-resolutions.ts';
import { arrangeBlocks } from './arrange-blocks.ts';
import { commentOf, commentsOf } from './conflict-comments.ts';
import { ConflictWords, showLines } from './conflict-words.ts';
import { formatOf, fromPlain, mergeFormats, toPlain } from './file-format.ts';
import { hasDoubledText } from './has-doubled-text.ts';
import { keepMoved } from './keep-moved.ts';
import { keepOrder } from './keep-order.ts';
import { mergeByLines } from './merge-by-lines.ts';
import { pairAdditions } from './pair-additions.ts';
import { pairRewritten } from './pair-rewritten.ts';
import { isReadBack, printBlocks } from './print-blocks.ts';
import { settleBlocks } from './settle-blocks.ts';
import type { Block } from './task-blocks.ts';
import { type ReadTasks, versionReader } from './version-reader.ts';

/** What {@link mergeTasks} gives. */
export interface MergedTasks {
  /** The merged file; what nobody has decided stands in it as in the base. */
  readonly text: string;
  /**
   * What is left to decide; see `applyTaskResolutions`. Each location begins with the `taskUid`, the heading or text; of
   * what both sides added, with an identity made of its words and of what it stands below.
   */
  readonly conflicts: readonly Conflict[];
}

/** The three versions of a text. */
export interface TaskFileVersions {
  readonly base: string;
  readonly local: string;
  readonly remote: string;
}

/** How {@link mergeTasks} writes its result. */
export interface MergeTasksOptions {
  /**
   * Whether each conflict is shown in the file too, as an HTML comment before its place with what either side wants. No
   * comment is read as a task, and `removeMarkers` takes them out again. Default: no.
   */
  readonly markers?: boolean | undefined;
  /** What the file is of, such as the name of a change: tells alike conflicts of two files apart. Default: nothing. */
  readonly subject?: string | undefined;
}

/**
 * Merges two versions of a tasks.md that come from one base: by tasks, headings and texts, not by lines (CF1 to CF6).
 *
 * Edits of different tasks, and of different parts of one (its tick, number, words of the title, notes), all take effect;
 * additions of both sides stay, and an edit survives the other side's move. What no side touched stays as it is, byte for
 * byte. A merge by lines is taken where it is clean and right about the tasks. What would become something else if it were
 * merged again with a side is left to decide: one conflict about the whole file.
 *
 * No dispute, and settled without a word: a task that both sides numbered anew takes the higher number; one that a side
 * removed is gone although the other side numbered, indented or formatted it anew; one that both sides added is ticked if
 * either ticked it; of white space, the shorter at a line's end and the longer between blocks.
 *
 * @throws {@link InvalidArgumentError} if a version is no text, or has lone surrogates in it.
 */
export function mergeTasks(versions: TaskFileVersions, options: MergeTasksOptions = {}): MergedTasks {
  checkObject(versions, 'versions');
  checkObject(options);
  const texts = [versions.base, versions.local, versions.remote];
  for (const text of texts) {
    if (typeof text !== 'string' || !text.isWellFormed())
      throw new InvalidArgumentError('version', 'well-formed text', text);
  }
  const read = versionReader();
  const merged = mergeOnce(versions, read, options);
  if (merged.conflicts.length > 0 || stays(merged.text, versions, read)) return merged;
  return undivided(versions, options);
}

/** Whether a merged text stays when it is merged again with either side: else what it was made by is a guess (CF6). */
function stays(text: string, { base, local, remote }: TaskFileVersions, read: ReadTasks): boolean {
  if (text === local || text === remote) return true;
  return [local, remote].every((side) => {
    const again = mergeOnce({ base, local: text, remote: side }, read);
    return again.conflicts.length === 0 && again.text === text;
  });
}

/** The merge, whether or not its result stays when it is merged again. */
function mergeOnce(versions: TaskFileVersions, read: ReadTasks, options: MergeTasksOptions = {}): MergedTasks {
  const texts = [versions.base, versions.local, versions.remote];
  const formats = texts.map(formatOf);
  const format = mergeFormats(formats[0]!, formats[1]!, formats[2]!);
  const [base, local, remote] = texts.map((text) => toPlain(text, format)) as [string, string, string];
  const readVersions = [base, local, remote].map((text) => read(text, base));
  const blocks = readVersions.map((version) => version.blocks) as [Block[], Block[], Block[]];
  pairRewritten(...blocks);
  pairAdditions(...blocks);
  const byLines = mergeByLines([base, local, remote], blocks, read);
  if (byLines !== undefined) return { text: fromPlain(byLines, format), conflicts: [] };
  const words = new ConflictWords(blocks, options.subject);
  const { state, conflicts } = mergeBlocks(...blocks);
  const text = printBlocks(state);
  const explained = conflicts.map((conflict) => words.explain(conflict));
  const isTold = conflicts.length === 0 || !hasDoubledText(state, [base, local, remote]);
  const merged = { text: fromPlain(text, format), conflicts: explained };
  if (!isTold || !isReadBack(text, state) || !canBeDecided(merged, versions.base)) return undivided(versions, options);
  if (!options.markers) return merged;
  return { ...merged, text: fromPlain(printBlocks(state, commentsOf(explained, state)), format) };
}

function mergeBlocks(base: Block[], local: Block[], remote: Block[]): ThreeWayMergeResult<readonly Block[]> {
  settleBlocks(base, local, remote);
  const { sides, disputes } = keepMoved(base, local, remote);
  const versions = [base, ...sides] as const;
  // Content apart from order, for order is that of a tree.
  const [b, l, r] = versions.map((blocks) => blocks.toSorted((one, other) => (one.id < other.id ? -1 : 1)));
  const content = threeWayMerge<readonly Block[]>({ base: b!, local: l!, remote: r! });
  const arranged = arrangeBlocks(content.state, ...versions);
  const { state, conflicts } = arranged ? { ...content, state: arranged } : inBaseOrder(...versions);
  const places = new Map(state.map(({ id }, place) => [id, place]));
  const all = [...conflicts, ...disputes].map((conflict) => placed(conflict, places));
  return {
    state,
    conflicts: arranged ? all.sort((a, b) => placeOf(a) - placeOf(b)) : all,
  };
}

/** The merge where the order is in dispute too. */
function inBaseOrder(...versions: Parameters<typeof keepOrder>): ThreeWayMergeResult<readonly Block[]> {
  const { sides, dispute } = keepOrder(...versions);
  const { state, conflicts } = threeWayMerge<readonly Block[]>({
    base: versions[0],
    local: sides[0],
    remote: sides[1],
  });
  return { state, conflicts: dispute ? [...conflicts, dispute] : conflicts };
}

function placeOf({ location: [item] }: Conflict): number {
  return typeof item === 'object' ? item.index : -1;
}

/** The conflict about a block, at the place where the block stands; at the end if it does not. */
function placed(conflict: Conflict, places: ReadonlyMap<string, number>): Conflict {
  const [item, ...rest] = conflict.location;
  if (typeof item !== 'object') return conflict;
  const index = places.get(String(item.value)) ?? places.size - 1;
  return Conflict.fromJSON({ ...conflict.toJSON(), location: [{ ...item, index }, ...rest] });
}

/**
 * Whether each side's version of what is in dispute can be put into the file (CF7): blocks may flow into each other there,
 * and of twins another takes the place of one that is removed.
 */
function canBeDecided({ text, conflicts }: MergedTasks, base: string): boolean {
  const decide = (side: 'base' | 'local' | 'remote') => {
    const note = { strategy: 'none', reason: 'to see whether it can be' };
    const resolutions = conflicts.map((conflict) => ConflictResolution.choose(conflict, side, note));
    return applyTaskResolutions(text, resolutions, base);
  };
  try {
    if (conflicts.length === 0) return true;
    decide('local');
    decide('remote');
    return decide('base') === text;
  } catch (error) {
    if (error instanceof ResolutionOutdatedError || error instanceof InvalidArgumentError) return false;
    throw error;
  }
}

/** One conflict about the whole file. */
function undivided({ base, local, remote }: TaskFileVersions, { markers, subject }: MergeTasksOptions): MergedTasks {
  const reason = 'what both sides wrote could not be told apart any more if it stood in one file';
  const values = { baseValue: base, localValue: local, remoteValue: remote };
  const format = formatOf(base);
  const plain = [base, local, remote].map((text) => toPlain(text, format));
  const shown = showLines('the whole file', plain);
  const conflict = new FieldConflict({ location: [], subject, ...values, reason, shown });
  const comment = markers ? commentOf(conflict, '') : '';
  return { text: fromPlain(comment + plain[0], format), conflicts: [conflict] };
}
