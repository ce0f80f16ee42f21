import type { EventQuery } from '../../core/event-query.ts';
import type { StoredEvent } from '../../events/event-adapter.ts';
import { appended, batch, type CaseContext, event, readAllOf } from './case.ts';

/** Types and tags of the events that queries are tried on, in their order. */
const kinds: readonly [type: string, ...tags: string[]][] = [
  ['A', 'x'],
  ['A', 'x', 'y'],
  ['B', 'y'],
  ['B'],
  ['C', 'x', 'y', 'z'],
  ['A'],
  ['B', 'x', 'z'],
  ['A', 'x'],
];

/** Queries, and what they ask for. `T:` stands before a name that is used as what it usually is not. */
export const queries: readonly [title: string, query: EventQuery][] = [
  ['of one type', [{ types: ['A'] }]],
  ['of the last type', [{ types: ['C'] }]],
  ['of two types', [{ types: ['A', 'B'] }]],
  ['of two types in another order', [{ types: ['C', 'A'] }]],
  ['of all types', [{ types: ['A', 'B', 'C'] }]],
  ['of a type nobody has', [{ types: ['none'] }]],
  ['of a type and one nobody has', [{ types: ['none', 'B'] }]],
  ['with one tag', [{ tags: ['x'] }]],
  ['with a tag that comes last in its events', [{ tags: ['z'] }]],
  ['with two tags', [{ tags: ['x', 'y'] }]],
  ['with two tags that are apart in their events', [{ tags: ['x', 'z'] }]],
  ['with three tags', [{ tags: ['x', 'y', 'z'] }]],
  ['with a tag nobody has', [{ tags: ['none'] }]],
  ['with a tag and one nobody has', [{ tags: ['none', 'x'] }]],
  ['with a tag and one nobody has, behind it', [{ tags: ['x', 'zz'] }]],
  ['of a type with a tag', [{ types: ['A'], tags: ['x'] }]],
  ['of a type with two tags', [{ types: ['A'], tags: ['x', 'y'] }]],
  ['of two types with a tag', [{ types: ['A', 'B'], tags: ['x'] }]],
  ['of two types with two tags', [{ types: ['B', 'C'], tags: ['x', 'z'] }]],
  ['of a type with a tag that only others have', [{ types: ['A'], tags: ['z'] }]],
  ['of one type or another', [{ types: ['A'] }, { types: ['C'] }]],
  ['with one tag or another', [{ tags: ['x'] }, { tags: ['y'] }]],
  ['of a type or with a tag', [{ types: ['B'] }, { tags: ['z'] }]],
  [
    'of a type with a tag, or another with another',
    [
      { types: ['A'], tags: ['x'] },
      { types: ['B'], tags: ['y'] },
    ],
  ],
  [
    'of nothing in its first items',
    [{ types: ['none'] }, { tags: ['none'] }, { types: ['none'], tags: ['x'] }, { tags: ['y'] }],
  ],
  ['of the same thing twice', [{ types: ['A'] }, { types: ['A'] }]],
  ['of a part of what it asks for, too', [{ tags: ['x'] }, { types: ['A'], tags: ['x', 'y'] }]],
  ['of everything', [{}]],
  ['of everything and something', [{ tags: ['x'] }, {}]],
  ['of a type that is the name of a tag', [{ types: ['x'] }]],
  ['with a tag that is the name of a type', [{ tags: ['A'] }]],
  ['of a type in another case', [{ types: ['a'] }]],
  ['with a tag in another case', [{ tags: ['X'] }]],
];

/** A query in the names of a case. */
export function queryOf({ name }: CaseContext, query: EventQuery): EventQuery {
  return query.map(({ types, tags }) => ({
    ...(types && { types: types.map(name) }),
    ...(tags && { tags: tags.map(name).sort() }),
  }));
}

/** Stores the events, in three streams and several appends, and gives them with the position before the first. */
export async function taggedEvents(context: CaseContext): Promise<{ before: number; stored: readonly StoredEvent[] }> {
  const { adapter, other, name } = context;
  const [one, two, three] = [name('one'), name('two'), name('three')];
  const [a, b, c, d, e, f, g, h] = kinds.map(([type, ...tags]) => {
    return event({ type: name(type), tags: tags.map(name) });
  });
  const before = await adapter.lastPosition();
  await appended(adapter, batch(one, [a!, b!]));
  await appended(other, batch(two, [c!]), batch(one, [d!]), batch(three, [e!]));
  await appended(adapter, batch(two, [f!]));
  await appended(other, batch(one, [g!, h!]));
  return { before, stored: await readAllOf(adapter, [one, two, three], before) };
}
