import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartJoiner, splitText } from '../../src/adapters/postgres/notification-parts.ts';
import { StorageError } from '../../src/core/errors.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from '../invariants/runs.ts';

const sender = randomUUID();

function joiner(limits: { maxBytes?: number; maxAgeMs?: number } = {}) {
  const errors: unknown[] = [];
  const clock = new FakeClock();
  const parts = new PartJoiner({ maxBytes: 1e6, maxAgeMs: 1000, ...limits }, clock, (error) => errors.push(error));
  const take = (payloads: readonly string[]) => {
    const texts: string[] = [];
    for (const payload of payloads) {
      const text = parts.take(payload);
      if (text !== undefined) texts.push(text);
    }
    return texts;
  };
  return { take, clock, errors };
}

const large = (content: string) => content.repeat(Math.ceil(20_000 / content.length));

describe('texts in parts', () => {
  it('come whole, from several senders at once, in payloads that PostgreSQL takes', () => {
    const content = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.nat({ max: 1500 }), fc.string({ maxLength: 5 }))
      .map(([unit, times, tail]) => unit.repeat(times) + tail);
    const texts = fc.array(content, { maxLength: 3 });
    fc.assert(
      fc.property(fc.tuple(texts, texts), fc.infiniteStream(fc.nat({ max: 1 })), (contents, turns) => {
        const sent = contents.map((each, index) => each.map((text, number) => `${index} ${number} ${text}`));
        const queues = sent.map((each) => {
          const id = randomUUID();
          return each.flatMap((text, number) => splitText(text, id, number + 1));
        });
        const payloads: string[] = [];
        while (queues.some((queue) => queue.length > 0)) {
          const payload = queues[turns.next().value!]!.shift();
          if (payload !== undefined) payloads.push(payload);
        }
        expect(payloads.filter((payload) => Buffer.byteLength(payload) >= 8000)).toEqual([]);
        expect(new Set(payloads).size).toBe(payloads.length);
        const { take, errors } = joiner({ maxBytes: 1e9 });
        const heard = take(payloads);
        expect([0, 1].map((index) => heard.filter((text) => text.startsWith(`${index}`)))).toEqual(sent);
        expect(errors).toEqual([]);
      }),
      runs(100),
    );
  });

  it.each([
    ['the first', 0],
    ['one in the middle', 1],
    ['the last', 2],
  ])('are given up if %s is missing, which is told of once', (_, missing) => {
    const { take, errors } = joiner();
    const payloads = splitText(large('x'), sender, 1);
    expect(payloads).toHaveLength(3);
    expect(take(payloads.toSpliced(missing, 1))).toEqual([]);
    expect(take([...splitText('next', sender, 2), ...splitText(large('y'), sender, 3)])).toEqual(['next', large('y')]);
    expect(errors).toEqual([expect.any(StorageError)]);
  });

  it('are given up when they have waited for too long', async () => {
    const { take, errors, clock } = joiner({ maxAgeMs: 1000 });
    const payloads = splitText(large('x'), sender, 1);
    take(payloads.slice(0, 2));
    await clock.advance(1000);
    expect(take(splitText('other', randomUUID(), 1))).toEqual(['other']);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(take(splitText('other', randomUUID(), 1))).toEqual(['other']);
    expect(errors).toMatchObject([{ message: expect.stringContaining('within 1000 ms') }]);
    expect(take(payloads.slice(2))).toEqual([]);
  });

  it('are given up, the oldest first, when they are more than may be kept', () => {
    const { take, errors } = joiner({ maxBytes: 20_000 });
    const [one, two] = [randomUUID(), randomUUID()];
    const first = splitText(large('x'), one, 1);
    const second = splitText(large('y'), two, 1);
    take(first.slice(0, 2));
    take(second.slice(0, 2));
    expect(errors).toMatchObject([{ message: expect.stringContaining('more than 20000 bytes') }]);
    expect(take([...first.slice(2), ...second.slice(2)])).toEqual([large('y')]);
    expect(take(splitText('x'.repeat(20_001), one, 2))).toEqual([]);
    expect(errors).toHaveLength(2);
    // What was given up is not counted any more.
    expect(take([...splitText(large('z'), one, 3), ...splitText(large('z'), two, 2)])).toEqual([
      large('z'),
      large('z'),
    ]);
    expect(errors).toHaveLength(2);
  });

  it('are told from what somebody else sends', () => {
    const { take, errors } = joiner();
    const [payload] = splitText('text', sender, 1) as [string];
    expect(take(['', 'hello', payload.slice(1), payload.replace('1/1', '2'), payload])).toEqual(['text']);
    expect(errors).toHaveLength(4);
    // Damaged, but not beyond recognition.
    const [first, ...rest] = splitText(large('x'), sender, 2) as [string, ...string[]];
    expect(take([first.replace('1/3', '1/4'), ...rest, ...splitText('next', sender, 3)])).toEqual(['next']);
    expect(errors).toHaveLength(5);
  });
});
