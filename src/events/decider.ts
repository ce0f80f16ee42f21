import type { StreamFold } from './aggregate-stream.ts';
import type { EventShape, NewEventOf, RecordedEventOf } from './event-shape.ts';

/** What is decided: one event, several, or nothing. */
export type Decision<N extends EventShape = EventShape> = NewEventOf<N> | readonly NewEventOf<N>[] | undefined;

/**
 * The rules of one kind of stream: how its state follows from its events, and which events follow from a command. No
 * function changes the state that it is given. With a `name`, snapshots are used as {@link StreamFold} says.
 *
 * @example
 * ```ts
 * const seats: Decider<number, { readonly seats: number }, SeatEvent> = {
 *   initial: () => 10,
 *   evolve: (free, event) => free - event.data.seats,
 *   decide: (command, free) => {
 *     if (command.seats > free) throw new SoldOutError();
 *     return { type: 'seats.taken', data: { seats: command.seats } };
 *   },
 * };
 * ```
 */
export interface Decider<S, C, E extends EventShape = EventShape, N extends EventShape = E>
  extends Omit<StreamFold<S, RecordedEventOf<E>>, 'signal'> {
  /**
   * Decides on a state. May be called again for the same command, on a newer state. What it
   * throws is its refusal.
   */
  readonly decide: (command: C, state: S) => Decision<N> | Promise<Decision<N>>;
}
