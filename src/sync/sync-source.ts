/** Where a final synchronization reads: the system that is being left. */
export interface SyncSource<Row> {
  /**
   * Every record, in an order that is the same each time.
   *
   * `after` is the key of a record up to which everything is copied already: go on behind it. A source that can not
   * do so ignores it and yields everything.
   */
  extract(options: { readonly after?: string; readonly signal?: AbortSignal }): AsyncIterable<Row>;
  /** The record's key: text that is not empty, and its alone. */
  keyOf(row: Row): string;
}
