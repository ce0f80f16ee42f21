import { type Block, blocksOf } from './task-blocks.ts';
import { TasksDocument } from './tasks-document.ts';

/** A version of a task file, read: its lines, and the blocks that they make. */
interface ReadVersion {
  readonly document: TasksDocument;
  /** The caller's own list. */
  readonly blocks: Block[];
}

/** Reads a version whose tasks, headings and texts keep the identity that they have in the base. */
export type ReadTasks = (text: string, base: string) => ReadVersion;

/** A reader that reads each version once, however often it is asked: most of the time of a merge goes there. */
export function versionReader(): ReadTasks {
  const known = new Map<string, Map<string, ReadVersion>>();
  return (text, base) => {
    const versions = known.get(base) ?? new Map<string, ReadVersion>();
    known.set(base, versions);
    const before = versions.get(base) ?? readBase(base);
    const version = versions.get(text) ?? (text === base ? before : readSide(text, before.document));
    versions.set(base, before).set(text, version);
    return { ...version, blocks: [...version.blocks] };
  };
}

function readBase(text: string): ReadVersion {
  const document = TasksDocument.parse(text);
  return { document, blocks: blocksOf(document) };
}

function readSide(text: string, base: TasksDocument): ReadVersion {
  const document = TasksDocument.parse(text, { previous: base });
  return { document, blocks: blocksOf(document, base) };
}
