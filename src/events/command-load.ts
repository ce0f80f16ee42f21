import { meetsExpectedVersion } from '../core/expected-version.ts';
import type { StreamState } from './aggregate-stream.ts';
import type { CommandResult } from './command-result.ts';
import type { CommandStream } from './command-stream.ts';
import type { EventShape } from './event-shape.ts';

/** A stream as a decision finds it. */
export interface LoadedStream<S, E extends EventShape> extends StreamState<S> {
  /** What became of the same command before. */
  readonly before?: CommandResult<S, E> | undefined;
}

/**
 * The stream as it is now, and what became of the command if it was carried out already.
 *
 * @param attempt - Counted from 1: the first takes a stream without events for none where that will do.
 */
export async function loadForCommand<S, C, E extends EventShape, N extends EventShape>(
  source: CommandStream<S, C, E, N>,
  attempt: number,
): Promise<LoadedStream<S, E>> {
  const loaded = await fold(source);
  if (loaded.version > 0 || (attempt === 1 && meetsExpectedVersion(0, source.expectedVersion))) return loaded;
  // A stream that has no events left goes on at its version. What was appended since the first look counts.
  const version = await source.store.streamVersion(source.stream);
  if (version === 0) return loaded;
  const again = await fold(source);
  return again.version > 0 ? again : { ...again, version };
}

async function fold<S, C, E extends EventShape, N extends EventShape>(
  source: CommandStream<S, C, E, N>,
): Promise<LoadedStream<S, E>> {
  const { store, decider, stream, idAt, signal } = source;
  const { name, schemaVersion } = decider;
  if (!idAt) {
    return store.aggregateStream(stream, {
      initial: () => decider.initial(),
      evolve: (state, event) => decider.evolve(state, event),
      ...(name !== undefined && { name }),
      ...(schemaVersion !== undefined && { schemaVersion }),
      signal,
    });
  }
  // Without a name, so that every event is seen: a snapshot does not tell which of them are the command's.
  const { state: reached, version } = await store.aggregateStream<Searched<S, E>>(stream, {
    initial: () => ({ state: decider.initial(), before: undefined }),
    evolve: (searched, event) => {
      const state = decider.evolve(searched.state, event);
      const events = searched.before?.events ?? [];
      if (event.id !== idAt(events.length)) return { ...searched, state };
      return { state, before: { state, version: event.version, events: [...events, event], position: event.position } };
    },
    signal,
  });
  return { ...reached, version };
}

interface Searched<S, E extends EventShape> {
  readonly state: S;
  readonly before: CommandResult<S, E> | undefined;
}
