import { StorageError } from '../core/errors.ts';
import { fromJsonText } from '../core/json-text.ts';
import { isPlainObject, type JsonObject } from '../core/json-value.ts';
import type { StoredCheckpoint } from './event-adapter.ts';

/** The state of one of the library's own checkpoints. */
export class CheckpointState {
  readonly #name: string;
  readonly #fields: JsonObject;

  /** @throws StorageError if it is not the text of an object. */
  constructor({ name, state }: StoredCheckpoint) {
    this.#name = name;
    const fields = fromJsonText(state, `read the checkpoint "${name}"`);
    if (!isPlainObject(fields)) throw this.#foreign();
    this.#fields = fields as JsonObject;
  }

  text(field: string): string {
    return this.optionalText(field) ?? this.#miss();
  }

  optionalText(field: string): string | undefined {
    const value = this.#fields[field];
    return value === undefined || typeof value === 'string' ? value : this.#miss();
  }

  number(field: string): number {
    const value = this.#fields[field];
    return typeof value === 'number' ? value : this.#miss();
  }

  /** A list of texts, each read by `parse`, which gives nothing for what is none of them. */
  list<T>(field: string, parse: (text: string) => T | undefined): readonly T[] {
    const values = this.#fields[field];
    if (!Array.isArray(values) || values.length === 0) return this.#miss();
    return values.map((value) => (typeof value === 'string' ? parse(value) : undefined) ?? this.#miss());
  }

  #miss(): never {
    throw this.#foreign();
  }

  #foreign(): StorageError {
    return new StorageError(
      `read the checkpoint "${this.#name}"`,
      'something else wrote it: delete it, or give this library a place of its own',
    );
  }
}
