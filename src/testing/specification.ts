import assert from 'node:assert/strict';
import { checkMethods } from '../core/check-argument.ts';
import { frozenJson } from '../core/json-value.ts';
import type { Decider } from '../events/decider.ts';
import type { EventShape, NewEventOf, RecordedEventOf } from '../events/event-shape.ts';
import type { NewEvent, RecordedEvent } from '../events/recorded-event.ts';
import { checkThrown, type ThrownExpectation } from './thrown-expectation.ts';

/** An event that has happened: its type and data, and what else of it matters. */
export type GivenEvent<E extends EventShape = EventShape> =
  RecordedEventOf<E> extends infer R
    ? R extends RecordedEvent<string, unknown>
      ? Pick<R, 'type' | 'data'> & Partial<Omit<R, 'type' | 'data'>>
      : never
    : never;

/** What is to become of a command. Each check rejects if something else does. */
export interface Expectation<N extends EventShape = EventShape> {
  /**
   * These events are decided, in this order, and no others. Types and data are compared; metadata, tags, id and time where
   * the expected event has them.
   */
  then(expected: NewEventOf<N> | readonly NewEventOf<N>[]): Promise<void>;
  /** No event is decided, and the command is not refused. */
  thenNothing(): Promise<void>;
  /** The command is refused, with such an error. */
  thenThrows(expected: ThrownExpectation): Promise<void>;
}

/** What a decider does, by examples: made by {@link specification}. */
export interface Specification<C, E extends EventShape = EventShape, N extends EventShape = E> {
  /** What has happened; `[]` for nothing. */
  given(events: GivenEvent<E> | readonly GivenEvent<E>[]): { when(command: C): Expectation<N> };
}

/**
 * Says by examples what a decider does, in any test runner. Await the checks, or return them.
 *
 * @example
 * ```ts
 * const { given } = specification(seats);
 * const nineTaken = { type: 'seats.taken', data: { seats: 9 } } as const;
 * it('takes the last seat', () =>
 *   given(nineTaken).when({ seats: 1 }).then({ type: 'seats.taken', data: { seats: 1 } }));
 * it('takes no seat twice', () => given(nineTaken).when({ seats: 2 }).thenThrows(SoldOutError));
 * ```
 */
export function specification<S, C, E extends EventShape, N extends EventShape>(
  decider: Decider<S, C, E, N>,
): Specification<C, E, N> {
  checkMethods(decider, 'decider', 'a Decider', 'initial', 'evolve', 'decide');
  return {
    given: (events) => ({
      when: (command) =>
        expectation(
          () =>
            listOf<GivenEvent>(events)
              .map(asRecorded)
              .reduce((state, event) => decider.evolve(state, event as RecordedEventOf<E>), decider.initial()),
          async (state) => listOf<NewEvent>(await decider.decide(command, state)),
        ),
    }),
  };
}

function expectation<S, N extends EventShape>(
  fold: () => S,
  decide: (state: S) => Promise<readonly NewEvent[]>,
): Expectation<N> {
  const check = async (expected: readonly NewEvent[]) => {
    const decided = await decide(fold());
    assert.deepEqual(
      decided.map((event, index) => comparable(event, expected[index] ?? {}, `the decided event ${index}`)),
      expected.map((event, index) => comparable(event, event, `the expected event ${index}`)),
    );
  };
  return {
    // biome-ignore lint/suspicious/noThenProperty: given, when and then are the words of the field.
    then(expected) {
      // An `await` of this itself calls it, too, and gets its rejection only if it throws at once.
      if (typeof expected === 'function') throw new TypeError('no expectation: add then, thenNothing or thenThrows');
      return check(listOf<NewEvent>(expected));
    },
    thenNothing: () => check([]),
    async thenThrows(expected) {
      const state = fold();
      let decided: readonly NewEvent[];
      try {
        decided = await decide(state);
      } catch (error) {
        checkThrown(error, expected);
        return;
      }
      const events = decided.map(({ type, data }) => ({ type, data }));
      assert.fail(`expected a refusal, but it was decided: ${JSON.stringify(events)}`);
    },
  };
}

function listOf<T>(value: unknown): readonly T[] {
  return value === undefined ? [] : ((Array.isArray(value) ? value : [value]) as readonly T[]);
}

/** The event as a store would give it back. */
function asRecorded(event: GivenEvent, index: number): RecordedEvent {
  const version = index + 1;
  return Object.freeze({
    id: `given-${version}`,
    stream: 'given',
    version,
    position: version,
    timestamp: new Date(0),
    metadata: {},
    tags: [],
    ...event,
    data: frozenJson(event.data, `the given event ${index}`),
  });
}

/** The part of an event that counts, as it would be stored. */
function comparable(event: NewEvent, pattern: Partial<NewEvent>, what: string) {
  return {
    type: event.type,
    data: frozenJson(event.data, what),
    ...(pattern.metadata && { metadata: frozenJson(event.metadata ?? {}, what) }),
    ...(pattern.tags && { tags: [...new Set(event.tags)].sort() }),
    ...(pattern.id !== undefined && { id: event.id }),
    ...(pattern.timestamp && { timestamp: event.timestamp }),
  };
}
