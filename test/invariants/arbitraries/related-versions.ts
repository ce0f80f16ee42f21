import fc from 'fast-check';
import type { JsonValue } from '../../../src/core/json-value.ts';

// Mutable JSON, as the edits need it.
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Three versions of one document: a base and what two people made of it. */
export interface RelatedVersions {
  readonly base: JsonValue;
  readonly local: JsonValue;
  readonly remote: JsonValue;
}

// Few of each, so that the sides meet: at the same place, with the same value, with the same new id.
const word = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const number = fc.integer({ min: 0, max: 4 });
const scalar: fc.Arbitrary<Json> = fc.oneof(word, number, fc.boolean(), fc.constant(null));
const lines = fc.array(word, { minLength: 2, maxLength: 6 }).map((all) => `${all.join('\n')}\n`);
const name = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', 'x/y~z', '');
const field = (object: { [key: string]: Json }, key: string, value: Json) =>
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
const dictionary = <T extends Json>(value: fc.Arbitrary<T>): fc.Arbitrary<Json> =>
  fc
    .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 4 })
    .map((entries) => entries.reduce<{ [key: string]: Json }>((all, [key, part]) => field(all, key, part), {}));

/** Any JSON value, as JSON gives it back. */
export const anyJson: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 2 })
  .map((value): Json => JSON.parse(JSON.stringify(value)));

const item = fc.record(
  { id: number, done: fc.boolean(), title: word, tags: fc.uniqueArray(word, { maxLength: 3 }) },
  { requiredKeys: ['id', 'done'] },
);
const addressOf = (of: string) => `http://h/${of}`;
// Told apart by one field or the other, or by what they say.
const parcel = fc.record({ name: word, from: word.map(addressOf), n: number }, { requiredKeys: ['from', 'n'] });
const remark = fc.record({ text: fc.tuple(word, word).map((both) => both.join(' ')), n: number });
const document: fc.Arbitrary<Json> = fc.record(
  {
    title: word,
    note: lines,
    tags: fc.uniqueArray(word, { maxLength: 5 }),
    series: fc.array(number, { maxLength: 5 }),
    steps: fc.uniqueArray(item, { selector: (step) => step.id, maxLength: 5 }),
    parcels: fc.uniqueArray(parcel, { selector: ({ from }) => from, maxLength: 4 }),
    remarks: fc.uniqueArray(remark, { selector: ({ text }) => text, maxLength: 3 }),
    rows: fc.array(fc.record({ a: number, b: number }), { maxLength: 4 }),
    meta: dictionary(fc.oneof(scalar, dictionary(scalar))),
    any: anyJson,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Json>;

/** One edit, as chance: which container, what is done to it, where in it, with what. */
const edit = fc.record({
  container: fc.nat(),
  action: fc.constantFrom('set', 'set', 'add', 'add', 'remove', 'move', 'reverse', 'retype'),
  at: fc.nat(),
  to: fc.nat(),
  name,
  value: scalar,
  item,
  lines,
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function containersOf(value: Json): (Json[] | { [key: string]: Json })[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(containersOf)];
}

/** A new item of the kind that a list holds. */
function likeOf(sample: Json | undefined, { item: { id, title = 'a' }, item: all }: Edit): Json | undefined {
  if (typeof sample !== 'object' || sample === null || Array.isArray(sample)) return undefined;
  if ('id' in sample) return structuredClone(all as Json);
  if ('from' in sample) return { from: addressOf(title), n: id };
  return 'text' in sample ? { text: `${title} ${title}`, n: id } : undefined;
}

function apply(version: Json, change: Edit): void {
  const containers = containersOf(version);
  const container = containers[change.container % containers.length]!;
  const other = change.action === 'retype' ? [change.value] : change.value;
  if (Array.isArray(container)) {
    const at = change.at % (container.length + 1);
    const sample = container[0];
    const fresh = likeOf(sample, change) ?? other;
    if (change.action === 'add') container.splice(at, 0, fresh);
    else if (change.action === 'remove') container.splice(at, 1);
    else if (change.action === 'reverse') container.reverse();
    else if (change.action === 'move')
      container.splice(change.to % (container.length + 1), 0, ...container.splice(at, 1));
    else if (at < container.length && typeof container[at] !== 'object') container[at] = fresh;
    return;
  }
  const names = Object.keys(container);
  const key = change.action === 'add' || names.length === 0 ? change.name : names[change.at % names.length]!;
  const isText = typeof container[key] === 'string' && (container[key] as string).includes('\n');
  if (change.action === 'remove') delete container[key];
  else if (change.action === 'reverse') {
    const entries = Object.entries(container).reverse();
    for (const [each] of entries) delete container[each];
    for (const [each, value] of entries) field(container, each, value);
  } else if (isText && change.action === 'set') {
    const all = (container[key] as string).split('\n');
    all.splice(change.to % all.length, change.at % 2, change.lines.split('\n')[0]!);
    field(container, key, all.join('\n'));
  } else if (typeof container[key] !== 'object' || change.action === 'retype')
    field(container, key, structuredClone(other));
}

const edits = fc.array(edit, { maxLength: 6 });

/** A document and two versions of it, each some edits away; some parts stay the same objects in all three. */
export const relatedVersions: fc.Arbitrary<RelatedVersions> = fc
  .tuple(document, edits, edits, fc.boolean())
  .map(([base, local, remote, share]) => {
    const edited = (changes: readonly Edit[]) => {
      const version = structuredClone(base);
      for (const change of changes) apply(version, change);
      return share ? reuse(version, base) : version;
    };
    return { base, local: edited(local), remote: edited(remote) } as RelatedVersions;
  });

/** The version with what equals the base being the base's own object, as in states that are updated by copying. */
function reuse(version: Json, base: Json | undefined): Json {
  if (typeof version !== 'object' || version === null || typeof base !== 'object' || base === null) return version;
  if (JSON.stringify(version) === JSON.stringify(base)) return base;
  for (const key of Object.keys(version)) {
    const part = (version as { [key: string]: Json })[key]!;
    const own = Object.hasOwn(base, key) ? (base as { [key: string]: Json })[key] : undefined;
    field(version as { [key: string]: Json }, key, reuse(part, own));
  }
  return version;
}

/** Three orders of some distinct items, members partly the same: lists whose items have an identity. */
export const relatedOrders: fc.Arbitrary<{ base: string[]; local: string[]; remote: string[] }> = fc
  .tuple(fc.uniqueArray(word, { maxLength: 6 }), edits, edits)
  .map(([base, local, remote]) => {
    const edited = (changes: readonly Edit[]) => {
      const version: Json[] = [...base];
      for (const change of changes) apply(version, { ...change, container: 0 });
      return [...new Set(version.map(String))];
    };
    return { base, local: edited(local), remote: edited(remote) };
  });
