import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConflictType } from '../../src/conflicts/conflict-type.ts';
import type { ItemSegment } from '../../src/conflicts/location.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { runs } from './runs.ts';

interface Item {
  readonly id: string;
  readonly title: string;
  readonly done: boolean;
}

/** What a side does to an item that the base has. */
type Edit = 'keep' | 'title' | 'done' | 'remove';

interface Side {
  readonly edits: readonly Edit[];
  /** Where each item goes: any order. */
  readonly places: readonly number[];
  readonly additions: readonly number[];
}

const maxItems = 6;
const side: fc.Arbitrary<Side> = fc.record({
  edits: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Edit>('keep') },
      { weight: 2, arbitrary: fc.constantFrom<Edit>('title', 'done') },
      { weight: 1, arbitrary: fc.constant<Edit>('remove') },
    ),
    { minLength: maxItems, maxLength: maxItems },
  ),
  places: fc.array(fc.nat(100), { minLength: maxItems, maxLength: maxItems }),
  additions: fc.array(fc.nat(100), { maxLength: 3 }),
});

/** The base as a side leaves it; one that does not reorder adds behind the rest or in between. */
function edited(base: readonly Item[], name: string, { edits, places, additions }: Side, reorders: boolean): Item[] {
  const items = base.flatMap((item, index) => {
    const edit = edits[index]!;
    if (edit === 'remove') return [];
    if (edit === 'title') return [{ ...item, title: `${item.title} by ${name}` }];
    return [edit === 'done' ? { ...item, done: true } : item];
  });
  const place = (item: Item) => places[base.findIndex(({ id }) => id === item.id)]!;
  if (reorders) items.sort((a, b) => place(a) - place(b));
  for (const [n, at] of additions.entries()) {
    items.splice(at % (items.length + 1), 0, { id: `${name}-${n}`, title: `added by ${name}`, done: false });
  }
  return items;
}

describe('lists whose items have an id', () => {
  it('CF9 keep both sides’ additions, each edit through the other side’s reorder, and tell of removal against edit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: maxItems }),
        side,
        side,
        fc.constantFrom('local', 'remote', 'nobody'),
        (count, ofLocal, ofRemote, reorders) => {
          const base = Array.from(
            { length: count },
            (_, n): Item => ({ id: `t${n}`, title: `task ${n}`, done: false }),
          );
          const local = edited(base, 'local', ofLocal, reorders === 'local');
          const remote = edited(base, 'remote', ofRemote, reorders === 'remote');
          const { state, conflicts } = threeWayMerge({ base, local, remote });
          const merged = new Map(state.map((item) => [item.id, item]));
          const disputed = new Map<string, ConflictType>();
          for (const { location, type } of conflicts) disputed.set(`${(location[0] as ItemSegment).value}`, type);
          expect(merged.size).toBe(state.length);
          for (const side of [local, remote]) {
            for (const added of side.filter(({ id }) => !id.startsWith('t')))
              expect(merged.get(added.id)).toEqual(added);
          }
          const expectedConflicts = base.flatMap((item, n) => {
            const edits = [ofLocal.edits[n]!, ofRemote.edits[n]!];
            const isEdited = edits.includes('title') || edits.includes('done');
            if (edits.includes('remove')) {
              if (!isEdited) expect(merged.has(item.id)).toBe(false);
              return isEdited ? [[item.id, ConflictType.DELETION_CONFLICT]] : [];
            }
            const isDisputed = edits.every((edit) => edit === 'title');
            const title = edits[0] === 'title' ? `${item.title} by local` : `${item.title} by remote`;
            expect(merged.get(item.id)).toEqual({
              ...item,
              title: isDisputed || !edits.includes('title') ? item.title : title,
              done: edits.includes('done'),
            });
            return isDisputed ? [[item.id, ConflictType.FIELD_CONFLICT]] : [];
          });
          expect(disputed).toEqual(new Map(expectedConflicts as [string, ConflictType][]));
          const reordered = reorders === 'local' ? local : remote;
          const shared = (items: readonly Item[]) =>
            items.map(({ id }) => id).filter((id) => merged.has(id) && reordered.some((item) => item.id === id));
          // Of what one side put in order, nothing else is out of it.
          expect(shared(state)).toEqual(shared(reordered));
        },
      ),
      runs(300),
    );
  });
});
