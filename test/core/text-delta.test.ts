import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta, textDelta } from '../../src/core/text-delta.ts';
import { runs } from '../invariants/runs.ts';

/** Texts with pairs of surrogates, halves of them, and characters that deltas use themselves. */
const unit = fc.constantFrom('a', 'b', ',', ':', ';', '0', '"', '{', '\u0000', '가', '😀', '\ud83d', '\ude00');
const text = fc.oneof(
  fc.string({ unit, maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.json({ maxDepth: 4 }),
);

/** A long text and what some edits make of it: cut out, inserted, moved, repeated. */
const edited = fc
  .record({
    base: fc.array(fc.oneof(fc.json(), fc.string({ unit, maxLength: 40 })), { minLength: 1, maxLength: 60 }),
    edits: fc.array(
      fc.record({ at: fc.nat(60), count: fc.nat(3), put: fc.array(text, { maxLength: 2 }), from: fc.nat(60) }),
    ),
  })
  .map(({ base, edits }) => {
    const target = [...base];
    for (const { at, count, put, from } of edits) target.splice(at, count, ...put, ...base.slice(from, from + 5));
    return [base.join(','), target.join(',')] as const;
  });

describe('text deltas', () => {
  it('give the target back, whatever the texts', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(text, text), edited), ([base, target]) => {
        expect(applyDelta(base, textDelta(base, target))).toBe(target);
      }),
      runs(1000),
    );
  });

  it('are well-formed where the texts are, as storages need it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(text, text), edited), ([base, target]) => {
        fc.pre(base.isWellFormed() && target.isWellFormed());
        expect(textDelta(base, target).isWellFormed()).toBe(true);
      }),
      runs(1000),
    );
  });

  it('that are damaged, or meet another base, give nothing or the target, never another text', () => {
    const damage = fc.record({ at: fc.nat(), count: fc.nat(3), put: fc.string({ maxLength: 3 }) });
    fc.assert(
      fc.property(edited, damage, text, ([base, target], { at, count, put }, other) => {
        fc.pre([base, target, other].every((each) => each.isWellFormed()));
        const delta = textDelta(base, target);
        const place = at % (delta.length + 1);
        const damaged = delta.slice(0, place) + put + delta.slice(place + count);
        expect([undefined, target]).toContain(applyDelta(base, damaged));
        expect([undefined, target]).toContain(applyDelta(other, delta));
      }),
      runs(1000),
    );
  });

  const items = Array.from({ length: 1000 }, (_, n) => ({ id: `item-${n}`, title: `Number ${n * 7919}`, done: false }));
  const long = JSON.stringify(items);
  const changed = (edit: (copy: typeof items) => void) => {
    const copy = structuredClone(items);
    edit(copy);
    return JSON.stringify(copy);
  };

  it.each([
    ['a field in the middle', changed((copy) => void Object.assign(copy[500]!, { done: true })), 100],
    [
      'fields far apart',
      changed((copy) => {
        for (const at of [3, 250, 500, 900]) copy[at]!.title = 'Another title';
      }),
      400,
    ],
    ['an item more in front', changed((copy) => void copy.unshift({ id: 'new', title: 'In front', done: true })), 200],
    ['a part moved to the end', changed((copy) => void copy.push(...copy.splice(100, 50))), 300],
    ['an item that was taken out', changed((copy) => void copy.splice(700, 1)), 150],
  ])('are small for %s', (_, target, most) => {
    const delta = textDelta(long, target);
    expect(delta.length).toBeLessThan(most);
    expect(applyDelta(long, delta)).toBe(target);
  });

  it('find what was shifted in text without any structure', () => {
    const letters = Array.from({ length: 20_000 }, (_, n) =>
      String.fromCharCode(97 + (((n * n * 31 + n * 7) % 8191) % 26)),
    );
    const base = letters.join('');
    const target = `${base.slice(0, 5000)}XYZ${base.slice(5000, 9000)}${base.slice(9100)}!`;
    expect(textDelta(base, target).length).toBeLessThan(120);
  });

  it('take time in proportion to the texts where nothing matches, or everything', () => {
    // A quadratic search would take minutes here.
    const same = 'a'.repeat(1_000_000);
    expect(applyDelta(`${same}b`, textDelta(`${same}b`, `c${same}`))).toBe(`c${same}`);
    const [one, two] = ['ab', 'cd'].map((pair) => `x${pair.repeat(500_000)}y`) as [string, string];
    expect(applyDelta(one, textDelta(one, `${two}z`))).toBe(`${two}z`);
  });
});
