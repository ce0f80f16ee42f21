import { minSimilarity } from './match-tasks.ts';
import { mergeLines, mergeWords } from './merge-words.ts';
import { type Block, type Part, partsOf, withParts } from './task-blocks.ts';
import { parseTaskLine, printTaskLine } from './task-line.ts';
import { titleSimilarity } from './title-similarity.ts';

/**
 * What both sides did to one block and is no dispute, given to both: by the rules that `mergeTasks` states. What is left
 * different afterwards is a conflict.
 */
export function settleBlocks(base: readonly Block[], local: Block[], remote: Block[]): void {
  const inBase = new Map(base.map((block) => [block.id, block]));
  const inRemote = new Map(remote.map((block, index) => [block.id, index]));
  const inLocal = new Set(local.map(({ id }) => id));
  for (const [index, ours] of local.entries()) {
    const before = inBase.get(ours.id);
    const other = inRemote.get(ours.id);
    if (other !== undefined) {
      const settled = settledParts(before, ours, remote[other]!);
      local[index] = withParts(ours, settled);
      remote[other] = withParts(remote[other]!, settled);
    } else if (before && isTrifle(before, ours)) local[index] = before;
  }
  for (const [index, theirs] of remote.entries()) {
    const before = inBase.get(theirs.id);
    if (before && !inLocal.has(theirs.id) && isTrifle(before, theirs)) remote[index] = before;
  }
}

type Settle = (before: string, ours: string, theirs: string) => string | undefined;

/** By part: what to make of three different texts; undefined leaves them to a person. */
const rules: Readonly<Record<Part, Settle>> = {
  // Beside a space there are two marks, `x` and `X`, and from one to the other nothing happened.
  mark: (before) => (before === ' ' ? 'x' : ' '),
  number: (_, ours, theirs) => higherNumber(ours, theirs),
  title: (before, ours, theirs) => {
    const title = mergeWords(before, ours, theirs);
    const line =
      title && parseTaskLine(printTaskLine({ prefix: '- ', mark: ' ', gap: ' ', number: '', title, tail: '' }));
    // By another title the task would not be known again.
    return line && line.title === title && titleSimilarity(before, title) >= minSimilarity ? title : undefined;
  },
  heading: (before, ours, theirs) => {
    const heading = mergeWords(before, ours, theirs);
    return heading !== undefined && /^ {0,3}#{1,6}[ \t]+\S/.test(heading) ? heading : undefined;
  },
  body: mergeLines,
  prefix: mergePrefixes,
  gap: shorter,
  tail: shorter,
  lead: (_, ours, theirs) => (shorter(_, theirs, ours) === ours ? theirs : ours),
};

function settledParts(before: Block | undefined, ours: Block, theirs: Block): Parts {
  const [old, one, other] = [before && partsOf(before), partsOf(ours), partsOf(theirs)];
  const settled: Parts = {};
  for (const part of Object.keys(one) as Part[]) {
    const [mine, yours] = [one[part]!, other[part]];
    if (yours === undefined || mine === yours) continue;
    const was = old?.[part];
    if (was === mine || was === yours) continue;
    if (was === undefined && !addedParts.has(part)) continue;
    const result = rules[part](was ?? ' ', mine, yours);
    if (result !== undefined) settled[part] = result;
  }
  const notes = old && mergeIndented(old, one, other);
  return notes === undefined ? settled : { ...settled, body: notes };
}

type Parts = Partial<Record<Part, string>>;

/** The notes of a task that a side or both indented anew: they go with it, and merge as if they stood where they stood. */
function mergeIndented(before: Parts, ours: Parts, theirs: Parts): string | undefined {
  const versions = [before, ours, theirs];
  const [was, mine, yours] = versions.map(({ prefix }) => prefix && /^[ \t]*/.exec(prefix)![0]);
  const indent = was === mine ? yours : mine;
  if (indent === undefined || indent === was || (was !== yours && yours !== indent)) return undefined;
  const isKept = (side: Parts, indent = '') => indent === was && side.body === before.body;
  if (isKept(ours, mine) || isKept(theirs, yours) || ours.body === theirs.body) return undefined;
  const [old, one, other] = [was, mine, yours].map((indent = '', at) => dedent(versions[at]!.body!, indent));
  if (old === undefined || one === undefined || other === undefined) return undefined;
  const merged = one === other || old === other ? one : old === one ? other : mergeLines(old, one, other);
  return merged && eachLine(merged, (line) => (line.trim() === '' ? line : indent + line));
}

/** The lines without this indentation; undefined if one has another. */
function dedent(lines: string, indent: string): string | undefined {
  const isIndented = lines.split('\n').every((line) => line.startsWith(indent) || line.trim() === '');
  return isIndented
    ? eachLine(lines, (line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    : undefined;
}

function eachLine(lines: string, edit: (line: string) => string): string {
  return lines.split('\n').map(edit).join('\n');
}

/** The parts that are settled of what both sides added; the others are one conflict about the whole. */
const addedParts: ReadonlySet<Part> = new Set(['mark', 'number', 'gap', 'tail', 'lead']);

/** Whether nothing that says something has changed: neither words nor the tick. */
function isTrifle(before: Block, after: Block): boolean {
  const [was, now] = [before, after].map(partsOf) as [Parts, Parts];
  const isTicked = (mark = ' ') => mark !== ' ';
  const words = (body = '') => body.replace(/[ \t]*\r?\n|[ \t]+$/g, '\n').trimEnd();
  return (
    was.title === now.title &&
    was.heading === now.heading &&
    isTicked(was.mark) === isTicked(now.mark) &&
    words(was.body) === words(now.body)
  );
}

function mergePrefixes(...prefixes: readonly [string, string, string]): string | undefined {
  const [before, ours, theirs] = prefixes.map((prefix) => /^([ \t]*)(.*)$/.exec(prefix)!.slice(1)) as [
    string[],
    string[],
    string[],
  ];
  const merged = before.map((was, at) =>
    was === ours[at] ? theirs[at]! : was === theirs[at] || ours[at] === theirs[at] ? ours[at]! : undefined,
  );
  return merged.includes(undefined) ? undefined : merged.join('');
}

/** White space is no dispute: the shorter, or the one that sorts first. */
function shorter(_: string, ours: string, theirs: string): string {
  if (ours.length !== theirs.length) return ours.length < theirs.length ? ours : theirs;
  return ours < theirs ? ours : theirs;
}

function higherNumber(a: string, b: string): string {
  const [left, right] = [a, b].map((number) => number.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? -1) - (right![i] ?? -1);
    if (difference !== 0) return difference > 0 ? a : b;
  }
  return a < b ? a : b;
}
