/** Where a final synchronization writes: the system that takes over. */
export interface SyncTarget<Row> {
  /** Inserts or replaces each record by its key, durably. Writing the same again must change nothing. */
  write(rows: readonly Row[], options: { readonly signal?: AbortSignal }): Promise<void>;
  /** The records of these keys in the same order; null where there is none. */
  read(keys: readonly string[], options: { readonly signal?: AbortSignal }): Promise<readonly (Row | null)[]>;
  /** Every key there is. With it, records that the source does not have are found. */
  keys?(options: { readonly signal?: AbortSignal }): AsyncIterable<string>;
}
