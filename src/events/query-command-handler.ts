import { checkMethods, checkObject } from '../core/check-argument.ts';
import { isMigrationError } from '../core/errors.ts';
import { type EventQuery, matchesQuery } from '../core/event-query.ts';
import { attemptSettings, type CommandAttemptOptions, untilAppended } from './command-attempts.ts';
import type { HandleOptions } from './command-handler.ts';
import { decidedEvents } from './decided-events.ts';
import type { Decider } from './decider.ts';
import { CommandResultUnreadError } from './errors.ts';
import type { EventShape, RecordedEventOf } from './event-shape.ts';
import type { EventStore } from './event-store.ts';

/** What commands over a query are handled with. */
export interface QueryCommandHandlerOptions<S, C, E extends EventShape = EventShape, N extends EventShape = E>
  extends CommandAttemptOptions {
  readonly store: EventStore<E, N>;
  /** Folds the events that match, in the order of their positions, without snapshots. */
  readonly decider: Decider<S, C, E, N>;
  /** What a command is decided on, in whatever streams it is. */
  readonly query: (command: C) => EventQuery;
  /** Where its events go. */
  readonly stream: (command: C) => string;
}

/** What became of a command over a query. */
export interface QueryCommandResult<S, E extends EventShape = EventShape> {
  /** The state with those of the new events that match the query. */
  readonly state: S;
  /** The new events, as the store gives them back; empty if nothing was decided. */
  readonly events: readonly RecordedEventOf<E>[];
  /** The position of the last of them; of the last event that was decided on if there are none. */
  readonly position: number;
}

/** Carries out a command: made by {@link queryCommandHandler}. */
export type QueryCommandHandler<S, C, E extends EventShape = EventShape> = (
  command: C,
  options?: Pick<HandleOptions, 'metadata' | 'signal'>,
) => Promise<QueryCommandResult<S, E>>;

/**
 * Makes the function that carries out commands whose rules reach over several streams (a dynamic consistency boundary):
 * it folds the events that match a query, decides, and appends on the condition that no other event matches by then; if one
 * does, all of it is done anew. The rest is as {@link commandHandler} has it.
 *
 * The function throws {@link AppendConditionError} after `maxAttempts`.
 *
 * @example
 * ```ts
 * const subscribe = queryCommandHandler({
 *   store,
 *   decider: courseSeats,
 *   query: ({ course, student }) => [{ tags: [`course:${course}`] }, { tags: [`student:${student}`] }],
 *   stream: ({ course }) => `course-${course}`,
 * });
 * await subscribe({ course: '7', student: 'ann' });
 * ```
 */
export function queryCommandHandler<S, C, E extends EventShape, N extends EventShape>(
  options: QueryCommandHandlerOptions<S, C, E, N>,
): QueryCommandHandler<S, C, E> {
  checkObject(options);
  const { store, decider } = options;
  checkMethods(decider, 'options.decider', 'a Decider', 'decide');
  const settings = attemptSettings(options);
  const now = () => settings.clock.now();

  return async (command, { metadata, signal } = {}) => {
    const query = options.query(command);
    const stream = options.stream(command);

    const { decided, appended } = await untilAppended(
      {
        async decide() {
          let loaded = { state: decider.initial(), position: 0 };
          for await (const event of store.readAll({ query, signal })) {
            loaded = { state: decider.evolve(loaded.state, event), position: event.position };
          }
          const decision = await decider.decide(command, loaded.state);
          return { loaded, events: decidedEvents<N>(decision, { metadata, idAt: undefined, now }) };
        },
        async append({ loaded, events }, heeded) {
          if (events.length === 0) return undefined;
          return store.append(stream, events, { failIfEventsMatch: query, after: loaded.position, signal: heeded });
        },
        isOutdated: (error) => isMigrationError(error, 'APPEND_CONDITION_FAILED'),
      },
      settings,
      signal,
    );
    const { state, position } = decided.loaded;
    if (!appended) return { state, events: [], position };
    try {
      const fromVersion = appended.version - decided.events.length + 1;
      const events = await store.read(stream, { fromVersion, toVersion: appended.version }).toArray();
      const counted = events.filter((event) => event.position > position && matchesQuery(event, query));
      return { state: counted.reduce(evolve, state), events, position: appended.position };
    } catch (cause) {
      throw new CommandResultUnreadError(appended, { cause });
    }
  };

  function evolve(state: S, event: RecordedEventOf<E>): S {
    return decider.evolve(state, event);
  }
}
