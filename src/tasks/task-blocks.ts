import type { JsonObject } from '../core/json-value.ts';
import { sectionsOf } from './describe-tasks.ts';
import { matchTasks, type TaskFeatures } from './match-tasks.ts';
import { nameAdditions, type Unnamed } from './name-additions.ts';
import { printTaskLine, type TaskLine, tailOf } from './task-line.ts';
import type { TasksDocument } from './tasks-document.ts';

/** A line that holds a heading; together the parts are the line. */
interface HeadingLine {
  readonly heading: string;
  readonly tail: string;
}

/** A task with its notes, a heading, or a stretch of text; the beginning and the end of the file are blocks too. */
export interface Block extends JsonObject {
  /** The task's identity; `#…` for what is no task. */
  readonly id: string;
  /** Blank lines before it: they go where it goes. */
  readonly lead: string;
  /** The line itself, in parts; null if it is neither a task nor a heading. */
  readonly line: (JsonObject & (TaskLine | HeadingLine)) | null;
  /** A task's notes, or the text. */
  readonly body: string;
}

/** What a block is made of, each a text of its own. */
export type Part = keyof TaskLine | keyof HeadingLine | 'lead' | 'body';

/** The block's parts by name. */
export function partsOf({ lead, line, body }: Block): Partial<Record<Part, string>> {
  return { lead, ...line, body };
}

/** The block with other parts. */
export function withParts(block: Block, parts: Partial<Record<Part, string>>): Block {
  if (Object.keys(parts).length === 0) return block;
  const { lead = block.lead, body = block.body, ...line } = parts;
  return { ...block, lead, body, line: block.line && ({ ...block.line, ...line } as Block['line']) };
}

/** Takes a document apart. `base` is the version before: its tasks, headings and texts keep their identity. */
export function blocksOf(document: TasksDocument, base = document): Block[] {
  const drafts = draftsOf(document);
  const passages = passageIds(drafts, document === base ? undefined : draftsOf(base))[Symbol.iterator]();
  const isAdded = ({ id, line }: Draft) => line !== null && 'mark' in line && !base.get(id!);
  const known = drafts.map((draft) => {
    const id = isAdded(draft) ? undefined : (draft.id ?? passages.next().value);
    return { ...draft, id };
  });
  const ids = nameAdditions(known);
  return drafts.map(({ lead, line, body }, at) => ({ id: ids[at]!, lead, line, body }));
}

/** A block whose identity is not known yet, unless it is a task's. */
interface Draft extends Unnamed {
  readonly lead: string;
  readonly line: Block['line'];
  body: string;
  /** The headings above it. */
  readonly section: readonly string[];
}

function draftsOf(document: TasksDocument): Draft[] {
  const sections = sectionsOf(document.lines);
  const tasks = document.tasks[Symbol.iterator]();
  const drafts: Draft[] = [{ id: '#start', lead: '', line: null, body: '', section: [] }];
  let blank = '';
  const begin = (draft: Pick<Draft, 'id' | 'line' | 'section'>, body = '') => {
    drafts.push({ ...draft, lead: blank, body });
    blank = '';
  };
  for (const [index, line] of document.lines.entries()) {
    const section = sections[index]!;
    const current = drafts.at(-1)!;
    if (line.kind === 'task') {
      begin({ id: tasks.next().value!.taskUid, line: { ...line.parts }, section });
    } else if (line.kind === 'heading') {
      const tail = tailOf(line.text);
      const heading = line.text.slice(0, line.text.length - tail.length);
      begin({ id: undefined, line: { heading, tail }, section: section.slice(0, -1) });
    } else if (line.kind === 'blank') {
      blank += line.text;
    } else if (line.kind === 'prose' && !isText(current)) {
      begin({ id: undefined, line: null, section }, line.text);
    } else {
      current.body += blank + line.text;
      blank = '';
    }
  }
  begin({ id: '#end', line: null, section: [] });
  return drafts;
}

const isText = ({ id, line }: Draft) => id === undefined && line === null;

/** Whether the block is a task, with its notes. */
export const isTask = ({ line }: Block) => line !== null && 'mark' in line;

/** Whether the block is a heading. */
export const isHeading = ({ line }: Block) => line !== null && 'heading' in line;

/** Whether the block is a stretch of text. */
export const isTextBlock = ({ line, body }: Block) => line === null && body !== '';

/** The block's line; empty if it has none. */
export function printLine({ line }: Pick<Block, 'line'>): string {
  if (line === null) return '';
  return 'mark' in line ? printTaskLine(line as TaskLine) : `${line.heading}${line.tail}`;
}

/** A heading or text is the same if its words are, or are alike. Undefined if it is new. */
function passageIds(drafts: readonly Draft[], base: readonly Draft[] | undefined): (string | undefined)[] {
  const before = passagesOf(base ?? drafts).map((each, index) => ({ ...each, taskUid: `#${each.title}#${index + 1}` }));
  if (!base) return before.map(({ taskUid }) => taskUid);
  const known = new Set(before.map(({ taskUid }) => taskUid));
  return matchTasks(passagesOf(drafts), before, '').map((id) => (known.has(id) ? id : undefined));
}

function passagesOf(drafts: readonly Draft[]): TaskFeatures[] {
  return drafts.flatMap((draft) => {
    if (draft.id !== undefined) return [];
    const title = (printLine(draft) + draft.body).trim();
    return [{ displayId: null, title, section: draft.section }];
  });
}
