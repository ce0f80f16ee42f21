import { InvalidArgumentError } from '../core/errors.ts';
import { toJsonText } from '../core/json-text.ts';
import { deepFreeze, isPlainObject } from '../core/json-value.ts';
import { EventMessageError } from './bus-errors.ts';
import type { DomainEvent } from './domain-event.ts';
import { ReceivedEvent, type ReceivedFields } from './received-event.ts';

/** What one bus tells the others. */
export interface EventMessage {
  /** The bus that published it. */
  readonly from: string;
  /** Which of that bus's messages it is, counted from 1. */
  readonly number: number;
  readonly event: ReceivedEvent;
}

/** Raised when processes of before could not read what is written now. */
const format = 1;

/**
 * An event as it goes into a message: what happens to it afterwards changes nothing.
 *
 * @throws {@link InvalidArgumentError} if its data or metadata is not JSON, or it is no event.
 */
export function encodeEvent({ id, type, aggregateId, timestamp, metadata, data }: DomainEvent): string {
  const fields = { id, type, aggregateId, timestamp: Number(timestamp), metadata, data };
  checkFields(fields);
  return toJsonText(fields, 'event');
}

/** @param event - By {@link encodeEvent}. */
export function writeMessage(from: string, number: number, event: string): string {
  return `{"format":${format},"from":"${from}","number":${number},"event":${event}}`;
}

/** @throws {@link EventMessageError} for what no bus has written. */
export function readMessage(text: string): EventMessage {
  try {
    const message: unknown = JSON.parse(text);
    if (!isPlainObject(message)) throw new InvalidArgumentError('message', 'an object', message);
    const { from, number, event } = message;
    if (message.format !== format) throw new InvalidArgumentError('message.format', `${format}`, message.format);
    if (typeof from !== 'string' || from === '') throw new InvalidArgumentError('message.from', 'an id', from);
    if (!Number.isSafeInteger(number)) throw new InvalidArgumentError('message.number', 'a whole number', number);
    if (!isPlainObject(event)) throw new InvalidArgumentError('message.event', 'an object', event);
    checkFields(event);
    const timestamp = new Date(event.timestamp);
    return { from, number: number as number, event: new ReceivedEvent({ ...deepFreeze(event), timestamp }) };
  } catch (cause) {
    throw new EventMessageError('is not what an event bus sends', { cause });
  }
}

type EventFields = Omit<ReceivedFields, 'timestamp'> & { readonly timestamp: number };

function checkFields(fields: Record<string, unknown>): asserts fields is EventFields & Record<string, unknown> {
  const { id, type, aggregateId, timestamp, metadata, data } = fields;
  if (typeof id !== 'string' || id === '') throw new InvalidArgumentError('event.id', 'a non-empty string', id);
  checkAddress(type, aggregateId);
  if (typeof timestamp !== 'number' || Number.isNaN(new Date(timestamp).getTime())) {
    throw new InvalidArgumentError('event.timestamp', 'a valid time', timestamp);
  }
  if (!isPlainObject(metadata)) throw new InvalidArgumentError('event.metadata', 'an object', metadata);
  if (!isPlainObject(data)) throw new InvalidArgumentError('event.data', 'an object', data);
}

/** @throws {@link InvalidArgumentError} for an event that no handler could be found for. */
export function checkAddress(type: unknown, aggregateId: unknown): void {
  if (typeof type !== 'string' || type === '' || type === '*') {
    throw new InvalidArgumentError('event.type', "a non-empty string other than '*'", type);
  }
  if (typeof aggregateId !== 'string') throw new InvalidArgumentError('event.aggregateId', 'a string', aggregateId);
}
