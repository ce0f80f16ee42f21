import type { StreamState } from './aggregate-stream.ts';
import type { CommandStream } from './command-stream.ts';
import { CommandResultUnreadError } from './errors.ts';
import type { EventShape, RecordedEventOf } from './event-shape.ts';
import type { AppendResult } from './event-store-options.ts';

/** What became of a command. */
export interface CommandResult<S, E extends EventShape = EventShape> {
  /** The state with the new events. */
  readonly state: S;
  /** The version of the stream that the state belongs to. */
  readonly version: number;
  /** The new events, as the store gives them back; empty if nothing was decided. */
  readonly events: readonly RecordedEventOf<E>[];
  /** The position of the last of them. */
  readonly position: number | undefined;
}

/**
 * What became of a command whose events are stored.
 *
 * @param loaded - What it was decided on.
 * @throws {@link CommandResultUnreadError} if they can't be read or folded.
 */
export async function readResult<S, C, E extends EventShape, N extends EventShape>(
  { store, decider, stream, idAt }: CommandStream<S, C, E, N>,
  loaded: StreamState<S>,
  appended: AppendResult,
  ids: readonly string[],
): Promise<CommandResult<S, E>> {
  const first = appended.version - ids.length + 1;
  // Events of these ids were there already, behind another state than the one that was loaded.
  const isOlder = first !== loaded.version + 1;
  const events: RecordedEventOf<E>[] = [];
  try {
    let state = isOlder ? decider.initial() : loaded.state;
    const page = isOlder ? {} : { fromVersion: first, batchSize: ids.length + 1 };
    for await (const event of store.read(stream, page)) {
      if (event.version >= first) {
        // A command of the same id may have come to more events than this one, which were stored instead.
        if (event.id !== (ids[events.length] ?? idAt?.(events.length))) break;
        events.push(event);
      }
      state = decider.evolve(state, event);
    }
    const { version, position } = events.at(-1) ?? appended;
    return { state, version, events, position };
  } catch (cause) {
    throw new CommandResultUnreadError(appended, { cause });
  }
}
