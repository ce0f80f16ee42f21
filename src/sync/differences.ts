import { childPointer } from '../core/json-pointer.ts';
import { isPlainObject } from '../core/json-value.ts';

/** One place where two states differ. */
export interface StateDifference {
  /** JSON Pointer (RFC 6901); empty for the whole record. */
  readonly path: string;
  /** `undefined`: there is nothing. */
  readonly spec: unknown;
  readonly runtime: unknown;
}

/** A record whose sides differ, and where. */
export interface Inconsistency {
  readonly id: string;
  readonly differences: readonly StateDifference[];
}

/** Each place where two states differ, as deep as both go. */
export function differencesBetween(spec: unknown, runtime: unknown, path = ''): StateDifference[] {
  const fields = fieldsOf(spec);
  const others = fieldsOf(runtime);
  if (!fields || !others || Array.isArray(spec) !== Array.isArray(runtime)) {
    return Object.is(spec, runtime) ? [] : [{ path, spec, runtime }];
  }
  return [...new Set([...fields.keys(), ...others.keys()])].flatMap((name) => {
    return differencesBetween(fields.get(name), others.get(name), childPointer(path, name));
  });
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return Array.isArray(value) || isPlainObject(value) ? new Map(Object.entries(value)) : undefined;
}
