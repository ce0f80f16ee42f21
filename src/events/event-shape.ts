import type { JsonValue } from '../core/json-value.ts';
import type { NewEvent, RecordedEvent } from './recorded-event.ts';

/** A kind of event of an application: its type and the data that comes with it. */
export interface EventShape<T extends string = string, D = unknown> {
  readonly type: T;
  readonly data: D;
}

/** An event whose data is gone, since the key of its subject was deleted. */
export interface ShreddedShape<T extends string = string> extends EventShape<T, null> {
  readonly shredded: true;
}

/**
 * The events of a union, each of which may have been shredded: for a store whose `encryption` can forget.
 *
 * @example
 * ```ts
 * const store = new EventStore<Shreddable<UserEvent>, UserEvent>({ adapter, encryption });
 * for await (const event of store.read('user-1')) if (!event.shredded) greet(event.data.name);
 * ```
 */
export type Shreddable<E extends EventShape> =
  | (E & { readonly shredded?: undefined })
  | (E extends unknown ? ShreddedShape<E['type']> : never);

/** The events to append that a union allows: any, where the union is the default. */
export type NewEventOf<E extends EventShape> = E extends ShreddedShape
  ? never
  : E extends unknown
    ? NewEvent<E['type'], E['data']>
    : never;

/** The events of a union as the store gives them back, told apart by `type`. */
export type RecordedEventOf<E extends EventShape> = E extends ShreddedShape
  ? RecordedEvent<E['type'], null> & { readonly shredded: true }
  : 'shredded' extends keyof E
    ? RecordedEvent<E['type'], DataOf<E>> & { readonly shredded?: undefined }
    : RecordedEvent<E['type'], DataOf<E>>;

/** What an event of the shape carries; any JSON value where that is not known. */
export type DataOf<E extends EventShape> = unknown extends E['data'] ? JsonValue : E['data'];

/** The events to append that go with some of the events read. */
export type PartOf<N extends EventShape, T extends EventShape> = string extends N['type']
  ? T
  : Extract<N, { readonly type: T['type'] }>;
