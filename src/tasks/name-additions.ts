import { uidMaker } from './match-tasks.ts';
import { indentOf } from './task-line.ts';

/** A block that has no identity yet if the base does not know it. */
export interface Unnamed {
  readonly id: string | undefined;
  /** The parts of a task's line or of a heading's; null if it is text. */
  readonly line: Readonly<Record<string, unknown>> | null;
  readonly body: string;
}

/**
 * The identities of blocks: names what is new since the base by its words and by what it stands below: the same words below two headings, or
 * nested in two tasks, are two things, whichever side added them.
 */
export function nameAdditions(blocks: readonly Unnamed[]): string[] {
  const makers = new Map<string, (words: string) => string>();
  const nameIn = (parent: string, words: string) => {
    const maker = makers.get(parent) ?? uidMaker(`below ${parent}`, new Set());
    makers.set(parent, maker);
    return maker(words);
  };
  let headings: { id: string; level: number }[] = [];
  let tasks: { id: string; indent: number }[] = [];
  return blocks.map(({ id: known, line, body }) => {
    if (line && 'mark' in line) {
      const indent = indentOf(String(line.prefix));
      tasks = tasks.filter((task) => task.indent < indent);
      const id = known ?? nameIn(tasks.at(-1)?.id ?? headings.at(-1)?.id ?? '', String(line.title));
      tasks.push({ id, indent });
      return id;
    }
    tasks = [];
    const level = line
      ? String(line.heading)
          .trimStart()
          .search(/[^#]|$/)
      : Number.POSITIVE_INFINITY;
    headings = headings.filter((heading) => heading.level < level);
    const id = known ?? `#${nameIn(headings.at(-1)?.id ?? '', (line ? String(line.heading) : body).trim())}`;
    if (line) headings.push({ id, level });
    return id;
  });
}
