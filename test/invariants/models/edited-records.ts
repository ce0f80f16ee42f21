import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/core/json-value.ts';

/** Ids of the records that are edited. */
export const recordIds = ['r1', 'r2'] as const;

/** An edit that a person or an application makes on one replica. */
export type Edit =
  | { readonly kind: 'set'; readonly id: string; readonly path: readonly string[]; readonly revert: boolean }
  | { readonly kind: 'item'; readonly id: string; readonly item: string }
  | { readonly kind: 'drop item'; readonly id: string; readonly item: string }
  | { readonly kind: 'remove'; readonly id: string };

const id = fc.constantFrom(...recordIds);
const path = fc.constantFrom(['title'], ['note'], ['plan', 'due'], ['plan', 'who']);
const item = fc.constantFrom('i1', 'i2', 'i3');

/** Related edits: few records, few fields, so that they meet. */
export const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), id, path, revert: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('item'), id, item }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop item'), id, item }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), id }) },
) as fc.Arbitrary<Edit>;

/** What edits wrote and what later edits, which knew it, took away again: every written text is one of a kind. */
export class EditLedger {
  #count = 0;
  readonly #written = new Set<string>();
  readonly #replaced = new Set<string>();

  /** Makes the edit on a state; the state after it. */
  apply(state: JsonValue | undefined, edit: Edit): JsonValue | undefined {
    const after = this.#edited(state, edit);
    const [was, is] = [textsOf(state), textsOf(after)];
    for (const text of was) if (!is.has(text)) this.#replaced.add(text);
    for (const text of is) if (!was.has(text)) this.#written.add(text);
    return after;
  }

  /** Edits that are neither in the states nor in the records; and texts that came back although no record has them. */
  lost(states: unknown, records: unknown): { readonly lost: string[]; readonly risen: string[] } {
    const [standing, recorded] = [textsOf(states), textsOf(records)];
    const isKept = (text: string) => standing.has(text) || recorded.has(text);
    return {
      lost: [...this.#written].filter((text) => !this.#replaced.has(text) && !isKept(text)),
      risen: [...this.#replaced].filter((text) => standing.has(text) && !recorded.has(text)),
    };
  }

  #new(): string {
    return `<${++this.#count}>`;
  }

  #edited(state: JsonValue | undefined, edit: Edit): JsonValue | undefined {
    if (edit.kind === 'remove') return undefined;
    const record = (state ?? { title: '', note: '', plan: { due: '', who: '' }, items: [] }) as Stored;
    const items = record.items.filter((each) => !('item' in edit) || each.id !== edit.item);
    if (edit.kind === 'drop item') return { ...record, items };
    if (edit.kind === 'item') {
      const at = record.items.findIndex((each) => each.id === edit.item);
      const next = { id: edit.item, text: this.#new() };
      return { ...record, items: at < 0 ? [...record.items, next] : record.items.with(at, next) };
    }
    const [field, inner] = edit.path as [string, string | undefined];
    const text = edit.revert ? '' : this.#new();
    return { ...record, [field]: inner === undefined ? text : { ...(record[field] as JsonObject), [inner]: text } };
  }
}

interface Stored extends JsonObject {
  readonly items: readonly { readonly id: string; readonly text: string }[];
}

function textsOf(value: unknown): ReadonlySet<string> {
  return new Set(JSON.stringify(value ?? null).match(/<\d+>/g));
}
