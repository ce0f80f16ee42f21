import type { DeletionPolicy } from './deletion-policy.ts';
import { mergeOrder } from './merge-order.ts';
import { compareVersions, parseVersion } from './version-order.ts';

/** What {@link mergeRanges} gives. */
export interface MergedRanges {
  readonly text: string;
  /** Where both sides' changes could not stand: what was chosen, in words. */
  readonly choices: readonly string[];
}

/** The alternatives of a range by the major version that they let through, each as text; `|` between those of one. */
type Lines = ReadonlyMap<number, string>;

/**
 * Both sides' changes of a version or a range of versions: of its operator, its numbers and its branch (`.x-dev`), or of its
 * alternatives (`^5.4 || ^6.0`), told apart by major version. Of an alternative that both changed the higher stands.
 * Undefined if a side wrote it anew, so that there is nothing to tell its changes by.
 */
export function mergeRanges(
  base: string,
  local: string,
  remote: string,
  deletions: DeletionPolicy,
): MergedRanges | undefined {
  const whole = mergePieces(base, local, remote);
  if (whole !== undefined) return { text: whole, choices: [] };
  const versions = [base, local, remote].map(toLines);
  const [old, one, other] = versions as [Lines, Lines, Lines];
  const isKept = (side: Lines) => [...side.keys()].some((major) => old.has(major));
  if (Math.max(one.size, other.size) < 2 || !isKept(one) || !isKept(other)) return undefined;
  const merged = new Map<number, string>();
  const choices: string[] = [];
  for (const major of new Set(versions.flatMap((lines) => [...lines.keys()]))) {
    const line = mergeLine(old.get(major), one.get(major), other.get(major), deletions, choices);
    if (line !== undefined) merged.set(major, line);
  }
  if (merged.size === 0) return undefined;
  const [before, first, second] = versions.map((lines) => [...lines.keys()].filter((major) => merged.has(major)));
  const { order } = mergeOrder(before!, first!, second!);
  const text = order.map((major) => merged.get(major as number)!).join('|');
  return { text: text.replaceAll('|', separatorOf(local, remote)), choices };
}

const separator = /\s*\|\|?\s*/;

function toLines(range: string): Lines {
  const lines = new Map<number, string>();
  for (const alternative of range.split(separator)) {
    const major = parseVersion(alternative)!.numbers[0]!;
    const known = lines.get(major);
    lines.set(major, known === undefined ? alternative : `${known}|${alternative}`);
  }
  return lines;
}

/** How the sides separate alternatives: the same on both replicas. */
function separatorOf(local: string, remote: string): string {
  return [local, remote].flatMap((range) => separator.exec(range)?.[0] ?? []).sort()[0]!;
}

function mergeLine(
  base: string | undefined,
  local: string | undefined,
  remote: string | undefined,
  deletions: DeletionPolicy,
  choices: string[],
): string | undefined {
  if (base === remote || local === remote) return local;
  if (base === local) return remote;
  if (local === undefined || remote === undefined) {
    const [remover, edited] = local === undefined ? ['local', remote] : ['remote', local];
    const isKept = deletions === 'edit-wins';
    const why = isKept ? `an edit beats the removal by ${remover}` : `the removal by ${remover} beats an edit`;
    choices.push(`${isKept ? 'with' : 'without'} "${edited}", which was "${base}", as ${why}`);
    return isKept ? edited : undefined;
  }
  const both = base === undefined ? undefined : mergePieces(base, local, remote);
  if (both !== undefined) return both;
  const order = compareVersions(local, remote)! || (local > remote ? 1 : -1);
  const [chosen, dropped] = order > 0 ? [local, remote] : [remote, local];
  choices.push(
    `"${chosen}" rather than "${dropped}", as it is ${compareVersions(local, remote) === 0 ? 'the greater text' : 'higher'}`,
  );
  return chosen;
}

/** The operator, the numbers and what makes the name of a branch of fewer than three: one side's change of each stands. */
function mergePieces(...versions: readonly [base: string, local: string, remote: string]): string | undefined {
  const pieces = versions.map(toPieces);
  if (pieces.some((one) => one === undefined)) return undefined;
  const [base, local, remote] = pieces as [string[], string[], string[]];
  // A limit from above is no other way to say what is needed.
  if (new Set(pieces.map((one) => one![0]!.startsWith('<'))).size > 1) return undefined;
  const merged = base.map((old, at) => {
    const [one, other] = [local[at], remote[at]];
    return one === other || old === other ? one : old === one ? other : undefined;
  });
  return merged.includes(undefined) ? undefined : merged.join('');
}

function toPieces(version: string): string[] | undefined {
  const [, operator, name] = /^((?:\^|~>?|[<>]=?|=)?\s*)([^\s|,]+)$/.exec(version) ?? [];
  if (operator === undefined || name === undefined) return undefined;
  // With three numbers it is a release, which is one with what stands behind them.
  const [, numbers, branch] = /^(\d+(?:\.\d+)?)((?:\.[x*])?(?:-dev)?)$/.exec(name) ?? [];
  return numbers === undefined ? [operator, name, ''] : [operator, numbers, branch!];
}
