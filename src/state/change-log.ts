import type { JsonValue } from '../core/json-value.ts';

/** An event that tells of a change. */
export interface ChangeEvent {
  readonly type: string;
  readonly data: JsonValue;
  readonly metadata?: { readonly [key: string]: JsonValue };
}

/** Events for one stream. */
export interface ChangeRecord {
  readonly stream: string;
  readonly events: readonly ChangeEvent[];
}

/** Where changes are told in events, in the transaction that makes them. `EventStore` is one. */
export interface ChangeLog {
  /** Makes what it needs; called again and again, outside of any transaction. */
  init(): Promise<void>;
  /**
   * Appends inside the transaction that is open on this client, at once or by a promise.
   *
   * @throws if that is not on the database of the events.
   */
  appendWithin(client: unknown, records: readonly ChangeRecord[]): unknown;
  /** Called once the transaction is committed. */
  wake(): void;
}
