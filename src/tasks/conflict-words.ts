import { Conflict, DeletionConflict, StructuralConflict } from '../conflicts/conflict.ts';
import type { ShownConflict } from '../conflicts/shown-conflict.ts';
import { jsonEqual } from '../core/json-value.ts';
import { nameOf, type PlacedBlock, placesOf } from './block-places.ts';
import { type Block, printLine } from './task-blocks.ts';

/** What the parts of a block are called. */
const partNames: Readonly<Record<string, string>> = {
  mark: 'tick',
  prefix: 'bullet or indentation',
  heading: 'words',
  body: 'notes',
};

/** Says of conflicts about blocks, in words and lines of the file, what they are about. */
export class ConflictWords {
  readonly #base: ReadonlyMap<string, PlacedBlock>;
  readonly #local: ReadonlyMap<string, PlacedBlock>;
  readonly #remote: ReadonlyMap<string, PlacedBlock>;

  readonly #subject: string | undefined;

  /** @param versions - Base, local and remote, as they were written. */
  constructor(versions: readonly [readonly Block[], readonly Block[], readonly Block[]], subject: string | undefined) {
    this.#subject = subject;
    [this.#base, this.#local, this.#remote] = [placesOf(versions[0]), placesOf(versions[1]), placesOf(versions[2])];
  }

  /** The same conflict, about the subject, with a reason and lines of the file that a person understands. */
  explain(conflict: Conflict): Conflict {
    const [item, ...parts] = conflict.location;
    const told =
      typeof item === 'object'
        ? { reason: this.#reasonOf(conflict, String(item.value)), shown: this.#shownOf(String(item.value), parts) }
        : this.#orderOf(conflict);
    return Conflict.fromJSON({ ...conflict.toJSON(), ...told, subject: this.#subject });
  }

  #reasonOf(conflict: Conflict, id: string): string {
    const { block } = this.#find(id);
    const part = conflict.location.at(-1);
    if (conflict instanceof DeletionConflict && typeof part !== 'string') {
      const { deletedBy } = conflict;
      const [other, places] = deletedBy === 'local' ? ['remote', this.#remote] : ['local', this.#local];
      const isMoved = jsonEqual(conflict.baseValue, conflict.localValue ?? conflict.remoteValue);
      const heading = isMoved ? `moved it below another heading: ${places.get(id)?.above.join(' > ')}` : 'changed it';
      return `${deletedBy} removed ${titleOf(block)}, ${other} ${heading}`;
    }
    if (typeof part !== 'string') return `both sides added ${titleOf(block)}, each in its own way`;
    const what = block.line === null ? '' : `the ${partNames[part] ?? part} of `;
    return `both sides changed ${what}${titleOf(block)}, each in its own way`;
  }

  #shownOf(id: string, parts: Conflict['location']): ShownConflict {
    const { block, above } = this.#find(id);
    const isBody = parts[0] === 'body';
    const isLine = parts.length > 0 && !isBody;
    const linesOf = (placed: PlacedBlock | undefined) =>
      placed && (isBody ? '' : printLine(placed.block)) + (isLine ? '' : placed.block.body);
    const name = nameOf(block);
    const place = (name === '' ? above : [...above, name]).join(' > ') || 'the top of the file';
    return showLines(
      place,
      [this.#base, this.#local, this.#remote].map((places) => linesOf(places.get(id))),
    );
  }

  /** The order of several things, by their first lines. */
  #orderOf(conflict: Conflict): { reason: string; shown: ShownConflict } | undefined {
    const orders = [conflict.baseValue, conflict.localValue, conflict.remoteValue] as (readonly string[])[];
    if (!(conflict instanceof StructuralConflict) || !Array.isArray(orders[0])) return undefined;
    const sides = [this.#base, this.#local, this.#remote];
    const placed = orders.map((order, at) => order.flatMap((id) => sides[at]!.get(id) ?? []));
    const [first = [], ...others] = placed[0]!.map(({ above }) => above);
    const place = others.reduce(commonStart, first);
    const texts = placed.map((order) => order.map(({ block }) => firstLineOf(block)).join('\n'));
    return {
      reason: `both sides put the same ${orders[0].length} tasks, headings and texts in another order`,
      shown: showLines(place.join(' > ') || 'the whole file', texts),
    };
  }

  /** The block as the base has it; what both sides added, as it is whichever side is called local. */
  #find(id: string): PlacedBlock {
    const found = [this.#base, this.#local, this.#remote].flatMap((places) => places.get(id) ?? []);
    const wordsOf = ({ block, above }: PlacedBlock) => [...above, nameOf(block), block.body].join('\n');
    return this.#base.get(id) ?? found.reduce((one, other) => (wordsOf(other) < wordsOf(one) ? other : one));
  }
}

/** What a person is shown: the lines of base, local and remote, as far as there are any. */
export function showLines(place: string, texts: readonly (string | undefined)[]): ShownConflict {
  const [base, local, remote] = texts.map((text) => text?.replace(/\r?\n$/, '') || undefined);
  return { place, base, local, remote };
}

function titleOf(block: Block): string {
  const { line } = block;
  if (line === null) return `the text "${firstLineOf(block).trim()}"`;
  return 'title' in line ? `the task "${line.title}"` : `the heading "${line.heading}"`;
}

const firstLineOf = (block: Block) => (printLine(block) || block.body).split(/\r?\n/, 1)[0]!;

function commonStart(one: readonly string[], other: readonly string[]): readonly string[] {
  const end = one.findIndex((name, at) => name !== other[at]);
  return end < 0 ? one : one.slice(0, end);
}
