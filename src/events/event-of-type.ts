import type { DomainEvent } from './domain-event.ts';

/** The events of a union that may have this type: all of them for `'*'`, or where the union does not name its types. */
export type EventOfType<E extends DomainEvent, T extends string> = T extends '*'
  ? E
  : E extends unknown
    ? T extends E['type']
      ? E
      : never
    : never;

/** An `EventHandler` that takes every event of a union that may have this type. */
export interface HandlerOfType<E extends DomainEvent, T extends string> {
  // A property: a method would also be met by handlers of only some of these events.
  readonly handle: (event: EventOfType<E, T>) => Promise<void>;
}
