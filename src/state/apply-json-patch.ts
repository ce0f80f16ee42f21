import { InvalidArgumentError } from '../core/errors.ts';
import { parsePointer } from '../core/json-pointer.ts';
import { frozenJson, isPlainObject, type JsonValue, jsonEqual, setOwn } from '../core/json-value.ts';
import { JsonPatchError } from './errors.ts';

/** One operation of a JSON Patch (RFC 6902). Paths are JSON Pointers (RFC 6901). */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string };

type Container = JsonValue[] | Record<string, JsonValue>;

/**
 * The value that a JSON Patch (RFC 6902) makes of another: all of its operations, in order, or none.
 *
 * What it was made of stays as it is; keys such as `__proto__` are data.
 *
 * @returns A frozen value.
 * @throws {@link JsonPatchError} for an operation that is not one, whose path leads nowhere, or whose `test` fails.
 * @throws {@link InvalidArgumentError} if a value is not JSON.
 */
export function applyJsonPatch(value: JsonValue, patch: readonly JsonPatchOperation[]): JsonValue {
  if (!Array.isArray(patch)) throw new InvalidArgumentError('patch', 'a list of operations', patch);
  const patched = new PatchedJson(value);
  for (const [index, operation] of patch.entries()) patched.apply(operation, index);
  return frozenJson(patched.value, 'value');
}

/** A value that is changed in place, of which each array and object is copied before it is first changed. */
class PatchedJson {
  readonly #own = new Set<object>();
  /** What the one member is, is patched: so that the whole, too, is the member of something. */
  readonly #root: Record<string, JsonValue>;
  #index = 0;

  constructor(value: JsonValue) {
    this.#root = { '': value };
    this.#own.add(this.#root);
  }

  get value(): JsonValue {
    return this.#root['']!;
  }

  apply(operation: JsonPatchOperation, index: number): void {
    this.#index = index;
    if (!isPlainObject(operation)) throw this.#failure('invalid operation', 'it is not an object');
    const path = this.#tokens(operation.path, 'path');
    switch (operation.op) {
      case 'add':
        this.#add(path, this.#given(operation));
        break;
      case 'replace':
        this.#replace(path, this.#given(operation));
        break;
      case 'remove':
        this.#remove(path);
        break;
      case 'test':
        if (jsonEqual(this.#get(path), this.#given(operation))) break;
        throw this.#failure('test failed', `another value at "${operation.path}"`);
      case 'copy':
        // In two places from now on: copied, so that changing one leaves the other.
        this.#add(path, frozenJson(this.#get(this.#tokens(operation.from, 'from')), 'value'));
        break;
      case 'move':
        this.#move(this.#tokens(operation.from, 'from'), path);
        break;
      default:
        throw this.#failure('invalid operation', 'op is none of add, remove, replace, move, copy, test');
    }
  }

  #move(from: readonly string[], to: readonly string[]): void {
    const value = this.#get(from);
    if (from.every((token, at) => token === to[at])) {
      if (from.length === to.length) return;
      throw this.#failure('invalid operation', 'it moves a value into itself');
    }
    this.#remove(from);
    this.#add(to, value);
  }

  #add(tokens: readonly string[], value: JsonValue): void {
    const { container, key } = this.#member(tokens);
    if (!Array.isArray(container)) setOwn(container, key, value);
    else container.splice(key === '-' ? container.length : this.#item(key, container.length), 0, value);
  }

  #replace(tokens: readonly string[], value: JsonValue): void {
    const { container, key } = this.#member(tokens);
    this.#child(container, key);
    if (Array.isArray(container)) container[Number(key)] = value;
    else setOwn(container, key, value);
  }

  #remove(tokens: readonly string[]): void {
    if (tokens.length === 0) throw this.#failure('invalid operation', 'the whole value can not be removed');
    const { container, key } = this.#member(tokens);
    this.#child(container, key);
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
  }

  #get(tokens: readonly string[]): JsonValue {
    return tokens.reduce<JsonValue>((value, token) => this.#child(value, token), this.value);
  }

  /** Where the last token of a path points from; it may be changed. */
  #member(tokens: readonly string[]): { container: Container; key: string } {
    let container: Container = this.#root;
    let key = '';
    for (const token of tokens) {
      const child = this.#child(container, key);
      if (typeof child !== 'object' || child === null)
        throw this.#failure('path not found', `nothing holds "${token}"`);
      const own = this.#owned(child);
      if (own !== child) {
        if (Array.isArray(container)) container[Number(key)] = own;
        else setOwn(container, key, own);
      }
      container = own;
      key = token;
    }
    return { container, key };
  }

  #child(value: JsonValue, token: string): JsonValue {
    if (Array.isArray(value)) return value[this.#item(token, value.length - 1)];
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, token)) {
      return (value as Record<string, JsonValue>)[token]!;
    }
    throw this.#failure('path not found', `there is no "${token}"`);
  }

  #item(token: string, last: number): number {
    if (!/^(0|[1-9]\d*)$/.test(token)) throw this.#failure('path not found', `"${token}" is no index of an array`);
    if (Number(token) <= last) return Number(token);
    throw this.#failure('path not found', `the array has no item ${token}`);
  }

  #owned(value: object): Container {
    if (this.#own.has(value)) return value as Container;
    const own: Container = Array.isArray(value) ? [...value] : {};
    if (!Array.isArray(own)) for (const key of Object.keys(value)) setOwn(own, key, (value as never)[key]);
    this.#own.add(own);
    return own;
  }

  #given(operation: { readonly value?: JsonValue }): JsonValue {
    if (operation.value === undefined) throw this.#failure('invalid operation', 'it has no value');
    return frozenJson(operation.value, `patch[${this.#index}].value`);
  }

  #tokens(pointer: unknown, field: string): string[] {
    const tokens = typeof pointer === 'string' ? parsePointer(pointer) : undefined;
    if (!tokens) throw this.#failure('invalid operation', `${field} is no JSON Pointer`);
    return tokens;
  }

  #failure(reason: JsonPatchError['reason'], detail: string): JsonPatchError {
    return new JsonPatchError(this.#index, reason, detail);
  }
}
