/** One task of a tasks.md, frozen. */
export interface Task {
  /** Stays with the task through renumbering, moves, reordering and small edits of its title. */
  readonly taskUid: string;
  /** The number before the title, such as `1.2`; null if it has none. */
  readonly displayId: string | null;
  readonly title: string;
  readonly completed: boolean;
  /** The headings above it, from the outermost. */
  readonly section: readonly string[];
  /** How many tasks it is nested in. */
  readonly depth: number;
  /** What stands indented below it, as it is, without blank lines at its end. */
  readonly description: string;
  /** Its line in the file, counted from 1. */
  readonly line: number;
}
