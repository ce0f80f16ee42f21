/** A checkbox of a tasks.md, as a person who reads the file counts them. */
export interface Checkbox {
  readonly title: string;
  readonly completed: boolean;
  /** From 0. */
  readonly line: number;
}

const checkboxLine = /^\s*[-*+]\s+\[([ xX])\]\s+(?:\d[\d.]*\s+)?(.*?)\s*$/;
const fenceLine = /^\s*(`{3,}|~{3,})/;

/**
 * Every checkbox outside of code blocks.
 *
 * The oracle of the measures: deliberately another, simpler program than either of the two that are measured.
 */
export function checkboxes(text: string): Checkbox[] {
  const found: Checkbox[] = [];
  let fence: string | null = null;
  for (const [line, content] of text.split(/\r?\n/).entries()) {
    const mark = fenceLine.exec(content)?.[1];
    if (mark !== undefined) {
      if (fence === null) fence = mark;
      else if (mark.startsWith(fence)) fence = null;
      continue;
    }
    const match = fence === null ? checkboxLine.exec(content) : null;
    if (match) found.push({ title: match[2]!, completed: match[1] !== ' ', line });
  }
  return found;
}
