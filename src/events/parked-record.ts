import { messageOf } from '../core/errors.ts';
import type { HandlingFailure } from './attempts.ts';
import { CheckpointState } from './checkpoint-state.ts';
import type { StoredCheckpoint } from './event-adapter.ts';

/** An event that was set aside. */
export interface ParkedEvent {
  readonly position: number;
  readonly stream: string;
  /** What its handler failed with, at most 1000 characters; `undefined` if it only waits behind another of its stream. */
  readonly message: string | undefined;
  /** How often it was tried; 0 if it only waits. */
  readonly attempts: number;
  readonly parkedAt: Date;
}

/** A parked event as it is stored. */
export interface ParkedRecord {
  readonly name: string;
  readonly revision: number;
  readonly event: ParkedEvent;
  /** Handled by a retry, in the handler's own transaction, and about to be removed. */
  readonly settled: boolean;
}

const maxMessageLength = 1000;

/** What is written down of an event: never its payload, so that a record stays small. */
export function parkedEvent(
  event: { readonly position: number; readonly stream: string },
  now: number,
  failure?: HandlingFailure,
): ParkedEvent {
  return {
    position: event.position,
    stream: event.stream,
    message: failure && messageOf(failure.error).slice(0, maxMessageLength).toWellFormed().replaceAll('\0', '\ufffd'),
    attempts: failure?.attempts ?? 0,
    parkedAt: new Date(now),
  };
}

/** The state of a parked event's checkpoint. */
export function parkedState(event: ParkedEvent, settled = false): string {
  const { stream, message, attempts, parkedAt } = event;
  return JSON.stringify({ stream, message, attempts, parkedAt: parkedAt.getTime(), settled: Number(settled) });
}

export function parkedRecord(checkpoint: StoredCheckpoint): ParkedRecord {
  const { name, revision, position } = checkpoint;
  const state = new CheckpointState(checkpoint);
  return {
    name,
    revision,
    event: {
      position,
      stream: state.text('stream'),
      message: state.optionalText('message'),
      attempts: state.number('attempts'),
      parkedAt: new Date(state.number('parkedAt')),
    },
    settled: state.number('settled') === 1,
  };
}
