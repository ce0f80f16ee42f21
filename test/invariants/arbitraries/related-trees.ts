import fc from 'fast-check';

/** An item of a list in which no two may have one slug, and none may be its own ancestor. */
export interface TreeItem {
  readonly id: number;
  readonly slug: string;
  readonly parent?: number;
  readonly n: number;
}

export interface RelatedTrees {
  readonly base: readonly TreeItem[];
  readonly local: readonly TreeItem[];
  readonly remote: readonly TreeItem[];
}

const slugs = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const edit = fc.record({
  action: fc.constantFrom('slug', 'slug', 'parent', 'parent', 'n', 'add', 'remove', 'reverse'),
  at: fc.nat(5),
  slug: fc.constantFrom(...slugs),
  parent: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
  n: fc.nat(2),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** Whether a list keeps the rules: one item a slug, no ring of parents. */
export function isSound(items: readonly TreeItem[]): boolean {
  const byId = new Map(items.map((item) => [item.id, item]));
  const isRooted = (item: TreeItem) => {
    let at: TreeItem | undefined = item;
    for (let steps = 0; at?.parent !== undefined; steps++) {
      if (steps > items.length) return false;
      at = byId.get(at.parent);
    }
    return true;
  };
  return new Set(items.map(({ slug }) => slug)).size === items.length && items.every(isRooted);
}

function edited(items: readonly TreeItem[], { action, at, slug, parent, n }: Edit): readonly TreeItem[] {
  const index = at % (items.length || 1);
  const item = items[index];
  if (action === 'add' || !item) {
    const id = at + 1;
    return items.some((one) => one.id === id) ? items : items.toSpliced(index, 0, { id, slug, n });
  }
  if (action === 'remove') return items.toSpliced(index, 1);
  if (action === 'reverse') return items.toReversed();
  const { parent: _parent, ...alone } = item;
  if (action === 'parent') return items.with(index, parent === undefined ? alone : { ...alone, parent });
  return items.with(index, { ...item, ...(action === 'slug' ? { slug } : { n }) });
}

/** Three related lists, each of which keeps the rules: what breaks one, breaks it by meeting. */
export const relatedTrees: fc.Arbitrary<RelatedTrees> = fc
  .tuple(fc.nat(5), fc.array(edit, { maxLength: 5 }), fc.array(edit, { maxLength: 5 }))
  .map(([size, local, remote]) => {
    const base = slugs.slice(0, size).map((slug, at): TreeItem => ({ id: at + 1, slug, n: 0 }));
    const version = (edits: readonly Edit[]) =>
      edits.reduce<readonly TreeItem[]>((items, one) => {
        const next = edited(items, one);
        return isSound(next) ? next : items;
      }, base);
    return { base, local: version(local), remote: version(remote) };
  });
