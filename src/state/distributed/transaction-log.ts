import type { JsonObject, JsonValue } from '../../core/json-value.ts';

/** An entry to append. */
export interface NewLogEntry {
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly timestamp: Date;
  readonly tags: readonly string[];
}

/** An entry of the log. */
export interface LogEntry {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  readonly data: JsonValue;
  readonly timestamp: Date;
}

/** The part of an event store that the log of distributed transactions needs. `EventStore` has it. */
export interface TransactionLog {
  /**
   * Must be atomic and durable, reject with `ConcurrencyConflictError` if the stream is not at the expected version, and add
   * nothing where entries of the same ids are there.
   */
  append(
    stream: string,
    entries: readonly NewLogEntry[],
    options: { readonly expectedVersion: number | 'any' },
  ): Promise<unknown>;
  /** The stream's entries; none if there is no such stream. */
  read(
    stream: string,
    options?: {
      readonly direction?: 'forward' | 'backward';
      readonly limit?: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): AsyncIterable<LogEntry>;
  /** Entries of all streams in an order to which nothing is ever added before what was read. */
  readAll(options: {
    readonly after: number;
    readonly query: readonly { readonly types: readonly string[]; readonly tags: readonly string[] }[];
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<LogEntry>;
}
