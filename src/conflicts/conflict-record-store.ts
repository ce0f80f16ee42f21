import { checkMethods } from '../core/check-argument.ts';
import type { JsonObject } from '../core/json-value.ts';

/** Where records about conflicts are kept: a table, a file or a key-value store behind three calls. */
export interface ConflictRecordStore {
  /** Keeps a record under this key, in the place of one that was there. */
  put(key: string, record: JsonObject): Promise<void>;
  /** Takes it away; nothing happens if it is not there. */
  delete(key: string): Promise<void>;
  /** The record under this key, or undefined. */
  get(key: string): Promise<JsonObject | undefined>;
  /** All records, those first that were put first. */
  list(): Promise<readonly JsonObject[]>;
}

/** Keeps records as long as the process lives. */
export class MemoryConflictRecordStore implements ConflictRecordStore {
  readonly #records = new Map<string, JsonObject>();

  async put(key: string, record: JsonObject): Promise<void> {
    this.#records.set(key, record);
  }

  async delete(key: string): Promise<void> {
    this.#records.delete(key);
  }

  async get(key: string): Promise<JsonObject | undefined> {
    return this.#records.get(key);
  }

  async list(): Promise<readonly JsonObject[]> {
    return [...this.#records.values()];
  }
}

/** The store, or one in memory; refuses what is none. */
export function recordStore(store: ConflictRecordStore | undefined, what: string): ConflictRecordStore {
  if (store === undefined) return new MemoryConflictRecordStore();
  checkMethods(store, what, 'a ConflictRecordStore', 'put', 'get', 'delete', 'list');
  return store;
}
