import { checkMethods, checkObject } from '../core/check-argument.ts';
import { ConcurrencyConflictError, isMigrationError } from '../core/errors.ts';
import { type ExpectedVersion, meetsExpectedVersion } from '../core/expected-version.ts';
import { checkExpectedVersion } from './append-batches.ts';
import { attemptSettings, type CommandAttemptOptions, untilAppended } from './command-attempts.ts';
import { loadForCommand } from './command-load.ts';
import { type CommandResult, readResult } from './command-result.ts';
import { commandEventIds, decidedEvents } from './decided-events.ts';
import type { Decider } from './decider.ts';
import type { EventMetadata } from './domain-event.ts';
import { checkName } from './event-names.ts';
import type { EventShape } from './event-shape.ts';
import type { EventStore } from './event-store.ts';

/** What commands are handled with. */
export interface CommandHandlerOptions<S, C, E extends EventShape = EventShape, N extends EventShape = E>
  extends CommandAttemptOptions {
  readonly store: EventStore<E, N>;
  readonly decider: Decider<S, C, E, N>;
}

/** How one command is handled. */
export interface HandleOptions {
  /** What the stream must be at when it is decided. With a version, a conflict is not tried again. Default `'any'`. */
  readonly expectedVersion?: ExpectedVersion;
  /**
   * Names the command, so that it is carried out once: the same again, by whatever process, returns the first result
   * for as long as its events are in the stream. The events get ids made of it. Snapshots are not used.
   */
  readonly commandId?: string | undefined;
  /** Goes into each event, beneath its own. */
  readonly metadata?: EventMetadata | undefined;
  /** Heeded until the events are handed to the storage; from then on the outcome is waited for. */
  readonly signal?: AbortSignal | undefined;
}

/** Carries out a command on a stream: made by {@link commandHandler}. */
export type CommandHandler<S, C, E extends EventShape = EventShape> = (
  stream: string,
  command: C,
  options?: HandleOptions,
) => Promise<CommandResult<S, E>>;

/**
 * Makes the function that carries out commands: it loads a stream, decides, appends under the version that it loaded, and
 * does all of it anew where another was faster. So every decision is made on the state right before its events (CH1),
 * and takes effect once, through a lost connection too (CH2).
 *
 * What `decide` throws reaches the caller as it is, and is not tried again. If nothing is decided, nothing is appended.
 *
 * The function throws, besides the errors of {@link EventStore.append}:
 * - {@link ConcurrencyConflictError} if the stream is not at the expected version, or after `maxAttempts`,
 * - {@link AppendInDoubtError} if the connection stayed lost: give commands an id, and repeat them,
 * - {@link CommandResultUnreadError} if the events are stored, but could not be read back.
 *
 * @example
 * ```ts
 * const handle = commandHandler({ store, decider: seats });
 * const { state, version } = await handle('show-1', { seats: 2 });
 * ```
 */
export function commandHandler<S, C, E extends EventShape, N extends EventShape>(
  options: CommandHandlerOptions<S, C, E, N>,
): CommandHandler<S, C, E> {
  checkObject(options);
  const { store, decider } = options;
  checkMethods(decider, 'options.decider', 'a Decider', 'decide');
  const settings = attemptSettings(options);
  const now = () => settings.clock.now();

  return async (stream, command, { expectedVersion = 'any', commandId, metadata, signal } = {}) => {
    checkName(stream, 'stream');
    checkExpectedVersion(expectedVersion, 'options.expectedVersion');
    const idAt =
      commandId === undefined ? undefined : commandEventIds(stream, checkName(commandId, 'options.commandId'));
    const source = { store, decider, stream, expectedVersion, idAt, signal };

    const { decided, appended } = await untilAppended(
      {
        async decide(attempt) {
          for (let look = attempt; ; look++) {
            const loaded = await loadForCommand(source, look);
            if (loaded.before) return { loaded, events: [] };
            if (!meetsExpectedVersion(loaded.version, expectedVersion)) {
              const actualVersion = loaded.version;
              throw new ConcurrencyConflictError({ aggregateId: stream, expectedVersion, actualVersion });
            }
            const decision = await decider.decide(command, loaded.state);
            const events = decidedEvents<N>(decision, { metadata, idAt, now });
            // No append tells whether there was no stream, or one that has no events left, or one by now.
            const isSure = events.length > 0 || loaded.version > 0 || look > 1;
            if (isSure || (await store.streamVersion(stream)) === 0) return { loaded, events };
          }
        },
        async append({ loaded, events }, heeded) {
          if (events.length === 0) return undefined;
          return store.append(stream, events, { expectedVersion: loaded.version, signal: heeded });
        },
        isOutdated: (error) =>
          (isMigrationError(error, 'CONCURRENCY_CONFLICT') && !isVersion(expectedVersion)) ||
          // The same command was carried out meanwhile, with another outcome: that one counts.
          (isMigrationError(error, 'DUPLICATE_EVENT') && commandId !== undefined),
      },
      settings,
      signal,
    );
    const { loaded, events } = decided;
    if (appended)
      return readResult(
        source,
        loaded,
        appended,
        events.map(({ id }) => id),
      );
    return loaded.before ?? { state: loaded.state, version: loaded.version, events: [], position: undefined };
  };
}

const isVersion = (expected: ExpectedVersion) => typeof expected === 'number' || expected === 'no_stream';
