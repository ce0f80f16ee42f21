import type { ExpectedVersion } from '../core/expected-version.ts';
import type { Decider } from './decider.ts';
import type { EventShape } from './event-shape.ts';
import type { EventStore } from './event-store.ts';

/** A stream that a command is for. */
export interface CommandStream<S, C, E extends EventShape, N extends EventShape> {
  readonly store: EventStore<E, N>;
  readonly decider: Decider<S, C, E, N>;
  readonly stream: string;
  readonly expectedVersion: ExpectedVersion;
  /** The ids of the command's events, if it has an id itself. */
  readonly idAt: ((index: number) => string) | undefined;
  readonly signal: AbortSignal | undefined;
}
