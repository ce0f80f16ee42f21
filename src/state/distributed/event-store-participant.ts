import { checkMethods } from '../../core/check-argument.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import { createId } from '../../core/ids.ts';
import { frozenJson, type JsonObject, type JsonValue } from '../../core/json-value.ts';
import { ExpectedVersionNotPromisedError } from './errors.ts';
import type { TwoPhaseParticipant } from './participant.ts';

/** An event to append. */
export interface BranchEvent {
  readonly id?: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly timestamp?: Date;
  readonly tags?: readonly string[];
}

/** Events for one stream. */
export interface BranchAppend<N extends BranchEvent = BranchEvent> {
  readonly stream: string;
  /** At least one. */
  readonly events: readonly N[];
  /** Only `'any'`: another one can't be promised. */
  readonly expectedVersion?: ExpectedVersion;
}

/** The part of an event store that takes part. `EventStore` has it. */
export interface BranchEvents<N extends BranchEvent = BranchEvent> {
  /** Must append all or nothing, and add nothing where events of the same ids are there. */
  appendMany(requests: readonly { readonly stream: string; readonly events: readonly N[] }[]): Promise<unknown>;
}

/** Options of an {@link eventStoreParticipant}. */
export interface EventStoreParticipantOptions<N extends BranchEvent = BranchEvent> {
  /**
   * Throws for what the store would refuse at the commit, such as what its registry does not know: after the decision
   * nothing may be refused any more.
   */
  readonly validate?: (appends: readonly BranchAppend<N>[]) => void | Promise<void>;
  /** The time of events that bring none. */
  readonly clock?: Clock;
}

/** An append as the log keeps it: the same, with the same ids, however often it is made. */
interface PreparedAppend {
  readonly stream: string;
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly data: JsonValue;
    readonly metadata?: JsonObject;
    readonly timestamp: string;
    readonly tags?: readonly string[];
  }[];
}

/**
 * Appends to an event store as a participant. The events wait in the transaction's log until it is decided, and are then
 * appended under the ids that they got there, so that doing it again adds nothing (ES4).
 *
 * An event store holds no lock: a stream may move on meanwhile. `prepare` rejects with
 * {@link ExpectedVersionNotPromisedError} where one is expected.
 */
export function eventStoreParticipant<N extends BranchEvent>(
  store: BranchEvents<N>,
  { validate, clock = systemClock }: EventStoreParticipantOptions<N> = {},
): TwoPhaseParticipant<readonly BranchAppend<N>[]> {
  checkMethods(store, 'store', 'an EventStore', 'appendMany');
  return {
    async prepare(_transactionId, appends) {
      const streams = new Set<string>();
      for (const { stream, events, expectedVersion = 'any' } of appends) {
        if (expectedVersion !== 'any') throw new ExpectedVersionNotPromisedError(stream, expectedVersion);
        if (streams.has(stream) || events.length === 0) {
          throw new InvalidArgumentError('work', 'each stream once, with at least one event', appends);
        }
        streams.add(checkName(stream, 'stream'));
      }
      if (streams.size === 0) throw new InvalidArgumentError('work', 'events for at least one stream', appends);
      await validate?.(appends);
      const timestamp = new Date(clock.now());
      const prepared = appends.map(({ stream, events }) => ({
        stream,
        events: events.map((event) => preparedEvent(event, timestamp)),
      }));
      return frozenJson<unknown>(prepared, 'events') as JsonValue;
    },
    async commit(_transactionId, prepared) {
      if (!Array.isArray(prepared)) throw new InvalidArgumentError('prepared', 'what prepare gave', prepared);
      const appends = prepared as unknown as readonly PreparedAppend[];
      const requests = appends.map(({ stream, events }) => ({
        stream,
        events: events.map((event) => ({ ...event, timestamp: new Date(event.timestamp) })),
      }));
      // That they are events of this store was said when they were prepared.
      await store.appendMany(requests as unknown as readonly { stream: string; events: readonly N[] }[]);
    },
    // Nothing of it is anywhere but in the log.
    async rollback() {},
  };
}

function preparedEvent(event: BranchEvent, now: Date): object {
  // Field by field: the data of a DomainEvent is a getter of its class.
  const { id = createId(), type, data, metadata, timestamp = now, tags } = event;
  const json = frozenJson(data, `data of "${type}"`);
  return { id, type: checkName(type, 'type'), data: json, metadata, timestamp: timestamp.toISOString(), tags };
}

/** What every event store takes for a name. */
function checkName(name: string, what: string): string {
  if (typeof name !== 'string' || name.length === 0 || name.length > 255 || name.includes('\0')) {
    throw new InvalidArgumentError(what, 'text of 1 to 255 characters without NUL', name);
  }
  return name;
}
