import { Conflict, DeletionConflict, StructuralConflict } from '../conflicts/conflict.ts';
import { isPlainObject, jsonEqual } from '../core/json-value.ts';
import { type Block, printLine } from './task-blocks.ts';

/** What the parts of a block are called. */
const partNames: Readonly<Record<string, string>> = {
  mark: 'tick',
  prefix: 'bullet or indentation',
  heading: 'words',
  body: 'notes',
};

/** Says of conflicts about blocks, in words, what they are about: tasks by their titles. */
export class ConflictWords {
  readonly #blocks: ReadonlyMap<string, Block>;

  /** @param versions - Those that were merged, the one that names the blocks best last. */
  constructor(versions: readonly (readonly Block[])[]) {
    this.#blocks = new Map(versions.flat().map((block) => [block.id, block]));
  }

  /** The same conflict, with a reason that a person understands. */
  explain(conflict: Conflict): Conflict {
    return Conflict.fromJSON({ ...conflict.toJSON(), reason: this.#reasonOf(conflict) });
  }

  /** What this side wants there, as lines of text. */
  linesOf(conflict: Conflict, side: 'local' | 'remote'): string[] {
    const value = conflict.valueOn(side);
    if (value === undefined) return ['(nothing)'];
    if (typeof value === 'string') return value.replace(/\r?\n$/, '').split(/\r?\n/);
    if (Array.isArray(value)) return value.map((id) => this.#nameOf(String(id)));
    const block = value as unknown as Block;
    const isBlock = isPlainObject(value) && typeof block.body === 'string';
    return isBlock ? (printLine(block) + block.body).trimEnd().split(/\r?\n/) : [JSON.stringify(value)];
  }

  #reasonOf(conflict: Conflict): string {
    const [item] = conflict.location;
    if (conflict instanceof StructuralConflict && conflict.aspect === 'order' && Array.isArray(conflict.baseValue)) {
      return `both sides put the same ${conflict.baseValue.length} tasks, headings and texts in another order`;
    }
    if (typeof item !== 'object') return conflict.reason;
    const name = this.#nameOf(String(item.value));
    if (conflict instanceof DeletionConflict && conflict.location.length === 1) {
      const { deletedBy } = conflict;
      const other = deletedBy === 'local' ? 'remote' : 'local';
      const isMoved = jsonEqual(conflict.baseValue, conflict.valueOn(other));
      return `${deletedBy} removed ${name}, ${other} ${isMoved ? 'moved it below another heading' : 'changed it'}`;
    }
    const part = conflict.location.at(-1);
    if (typeof part !== 'string') return `both sides added ${name}, each in its own way`;
    return `both sides changed the ${partNames[part] ?? part} of ${name}, each in its own way`;
  }

  #nameOf(id: string): string {
    const block = this.#blocks.get(id);
    if (!block) return `"${id}"`;
    if (block.line && 'title' in block.line) return `the task "${block.line.title}"`;
    if (block.line) return `the heading "${block.line.heading}"`;
    return `the text "${block.body.trim().split(/\r?\n/, 1)[0]}"`;
  }
}
