import { createHash } from 'node:crypto';
import { createId } from '../core/ids.ts';
import type { Decision } from './decider.ts';
import type { EventMetadata } from './domain-event.ts';
import type { EventShape, NewEventOf } from './event-shape.ts';
import type { NewEvent } from './recorded-event.ts';

/** What the events of a command have in common. */
export interface DecidedOptions {
  /** The event's own metadata goes before it. */
  readonly metadata: EventMetadata | undefined;
  /** The id of the event at this index, whatever id it has of its own. */
  readonly idAt: ((index: number) => string) | undefined;
  readonly now: () => number;
}

/** Events to append that are the same in each try: each has an id and a time. */
export function decidedEvents<N extends EventShape>(
  decision: Decision<N>,
  { metadata, idAt, now }: DecidedOptions,
): (NewEventOf<N> & { readonly id: string })[] {
  const list = (decision === undefined ? [] : Array.isArray(decision) ? decision : [decision]) as readonly NewEvent[];
  const timestamp = new Date(now());
  const events = list.map((event, index) => ({
    // Field by field: the data of a DomainEvent is a getter of its class.
    type: event.type,
    data: event.data,
    id: idAt?.(index) ?? event.id ?? createId(),
    timestamp: event.timestamp ?? timestamp,
    ...(event.tags && { tags: event.tags }),
    ...((metadata ?? event.metadata) && { metadata: { ...metadata, ...event.metadata } }),
  }));
  return events as unknown[] as (NewEventOf<N> & { readonly id: string })[];
}

/** The ids of the events that a command of this id leads to in a stream: always the same. */
export function commandEventIds(stream: string, commandId: string): (index: number) => string {
  const known: string[] = [];
  return (index) => {
    known[index] ??= createHash('sha256')
      .update(JSON.stringify([stream, commandId, index]))
      .digest('base64url');
    return known[index];
  };
}
