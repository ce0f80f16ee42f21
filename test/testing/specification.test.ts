import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { Decider } from '../../src/events/decider.ts';
import { DomainEvent } from '../../src/events/domain-event.ts';
import { specification } from '../../src/testing/specification.ts';

type Taken = { readonly type: 'seats.taken'; readonly data: { readonly seats: number } };

class SoldOutError extends Error {
  override readonly name = 'SoldOutError';
  readonly free: number;

  constructor(free: number) {
    super(`only ${free} seats are free`);
    this.free = free;
  }
}

const seats: Decider<number, number, Taken> = {
  initial: () => 10,
  evolve: (free, event) => free - event.data.seats,
  decide(wanted, free) {
    if (wanted > free) throw new SoldOutError(free);
    if (wanted === 0) return undefined;
    const event = {
      type: 'seats.taken',
      data: { seats: wanted },
      metadata: { by: 'me' },
      tags: ['b', 'a', 'b'],
    } as const;
    return wanted === 1 ? event : [event, { type: 'seats.taken', data: { seats: 0 } }];
  },
};

const late: Decider<number, number, Taken> = { ...seats, decide: async (wanted, free) => seats.decide(wanted, free) };
const taken = (count: number): Taken => ({ type: 'seats.taken', data: { seats: count } });

/** What a check rejects with; a check that passes fails the test. */
const failure = (check: PromiseLike<void>) =>
  Promise.resolve(check).then(
    () => {
      throw new Error('the check passed');
    },
    (error: unknown) => error as AssertionError,
  );

describe.each([
  ['at once', seats],
  ['later', late],
])('a specification of a decider that answers %s', (_, decider) => {
  const { given } = specification(decider);

  it('passes for what is decided', async () => {
    await given([]).when(1).then(taken(1));
    await given(taken(8))
      .when(1)
      .then([taken(1)]);
    await given([taken(4), taken(4)])
      .when(2)
      .then([taken(2), taken(0)]);
    await given([])
      .when(1)
      .then({ ...taken(1), metadata: { by: 'me' }, tags: ['a', 'b'] });
    await given([])
      .when(2)
      .then([taken(2), { ...taken(0), metadata: {}, tags: [] }]);
    await given([]).when(0).thenNothing();
    await given([]).when(0).then([]);
  });

  it('passes for a refusal, by its class, its words or what it is', async () => {
    const refused = given(taken(10)).when(3);
    await refused.thenThrows(SoldOutError);
    await refused.thenThrows(Error);
    await refused.thenThrows('0 seats');
    await refused.thenThrows(/^only 0/);
    await refused.thenThrows((error) => error instanceof SoldOutError && error.free === 0);
  });

  it.each<[string, () => PromiseLike<void>]>([
    ['another number', () => given([]).when(1).then(taken(2))],
    [
      'one event too few',
      () =>
        given([])
          .when(2)
          .then([taken(2)]),
    ],
    [
      'one event too many',
      () =>
        given([])
          .when(1)
          .then([taken(1), taken(1)]),
    ],
    [
      'another order',
      () =>
        given([])
          .when(2)
          .then([taken(0), taken(2)]),
    ],
    [
      'other metadata',
      () =>
        given([])
          .when(1)
          .then({ ...taken(1), metadata: { by: 'you' } }),
    ],
    [
      'no metadata',
      () =>
        given([])
          .when(1)
          .then({ ...taken(1), metadata: {} }),
    ],
    [
      'other tags',
      () =>
        given([])
          .when(1)
          .then({ ...taken(1), tags: ['a'] }),
    ],
    [
      'another id',
      () =>
        given([])
          .when(1)
          .then({ ...taken(1), id: 'x' }),
    ],
    [
      'another time',
      () =>
        given([])
          .when(1)
          .then({ ...taken(1), timestamp: new Date(0) }),
    ],
    ['something, but nothing is decided', () => given([]).when(0).then(taken(0))],
    ['nothing, but something is decided', () => given([]).when(1).thenNothing()],
    ['a refusal, but something is decided', () => given([]).when(1).thenThrows(SoldOutError)],
    ['a refusal, but nothing is decided', () => given([]).when(0).thenThrows(Error)],
    ['a refusal of another class', () => given(taken(10)).when(1).thenThrows(TypeError)],
    ['a refusal in other words', () => given(taken(10)).when(1).thenThrows('1 seats')],
    ['a refusal of another pattern', () => given(taken(10)).when(1).thenThrows(/^0/)],
    [
      'a refusal that is not the right one',
      () =>
        given(taken(10))
          .when(1)
          .thenThrows(() => false),
    ],
    [
      'a refusal, with a check that says nothing',
      () =>
        given(taken(10))
          .when(1)
          .thenThrows((() => {}) as never),
    ],
  ])('fails if it expects %s', async (_expected, check) => {
    expect(await failure(check())).toBeInstanceOf(AssertionError);
  });

  it('fails with the refusal itself if it expects none', async () => {
    expect(await failure(given(taken(10)).when(1).then(taken(1)))).toBeInstanceOf(SoldOutError);
    expect(await failure(given(taken(10)).when(1).thenNothing())).toBeInstanceOf(SoldOutError);
  });
});

describe('a specification', () => {
  const { given } = specification(seats);

  it('says what was decided and what was expected', async () => {
    const differs = await failure(given([]).when(1).then(taken(3)));
    expect(differs.actual).toEqual([taken(1)]);
    expect(differs.expected).toEqual([taken(3)]);
    expect(differs.message).toMatch(/[-+].*seats: 1/);
    expect(differs.message).toMatch(/[-+].*seats: 3/);
    const other = await failure(given(taken(10)).when(1).thenThrows(TypeError));
    expect(other.message).toBe(
      'expected a refusal of the class TypeError, but it was SoldOutError: only 0 seats are free',
    );
    expect(other.actual).toBeInstanceOf(SoldOutError);
    expect((await failure(given([]).when(1).thenThrows('full'))).message).toContain('"seats":1');
  });

  it('that is awaited before anything is expected fails', async () => {
    expect(await failure(given([]).when(1) as unknown as PromiseLike<void>)).toBeInstanceOf(TypeError);
  });

  it('does not take a fold that fails for a refusal', async () => {
    const broken = specification<number, number, Taken, Taken>({
      ...seats,
      evolve: () => {
        throw new SoldOutError(1);
      },
    });
    expect(await failure(broken.given(taken(1)).when(20).thenThrows(TypeError))).toBeInstanceOf(SoldOutError);
  });

  it('gives events as a store does: frozen, recorded, in order', async () => {
    const seen: unknown[] = [];
    const watching = specification<number, number, Taken, Taken>({
      ...seats,
      evolve(free, event) {
        seen.push(event);
        expect(() => Object.assign(event.data, { seats: 1 })).toThrow(TypeError);
        return free;
      },
    });
    await watching
      .given([taken(1), { ...taken(2), stream: 's', tags: ['t'] }])
      .when(0)
      .thenNothing();
    expect(seen).toMatchObject([
      { id: 'given-1', stream: 'given', version: 1, position: 1, metadata: {}, tags: [], timestamp: new Date(0) },
      { id: 'given-2', stream: 's', version: 2, position: 2, tags: ['t'] },
    ]);
  });

  it('compares what would be stored', async () => {
    class Noted extends DomainEvent {
      readonly text = 'hello';
      readonly left = undefined;
    }
    const noting = specification({
      initial: () => 0,
      evolve: () => 0,
      decide: (data: unknown) => (data === 'noted' ? new Noted('noted', 's') : { type: 'noted', data }),
    });
    await noting
      .given([])
      .when('noted')
      .then({ type: 'noted', data: { text: 'hello' } });
    await noting.given([]).when({ a: undefined }).then({ type: 'noted', data: {} });
    expect(await failure(noting.given([]).when(1).then({ type: 'noted', data: '1' }))).toBeInstanceOf(AssertionError);
    const unstorable = noting.given([]).when({ at: new Date(0) });
    expect(await failure(unstorable.then({ type: 'noted', data: { at: new Date(0) } }))).toBeInstanceOf(
      InvalidArgumentError,
    );
  });
});
