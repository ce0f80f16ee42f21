import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject } from '../core/json-value.ts';

/** How deeply a value to be merged may be nested: more than any real document is, and far from the end of the stack. */
export const maxDepth = 1_000;

/** What was found on the way. */
interface Findings {
  /** Whether a field is `undefined`. */
  hasUndefined: boolean;
}

/** @throws {@link InvalidArgumentError} naming the version and the path of what JSON would not keep as it is. */
export function refuseUnsound(base: unknown, local: unknown, remote: unknown): void {
  check(base, local, remote, ['base']);
  check(local, base, remote, ['local']);
  check(remote, base, local, ['remote']);
}

/** Whether JSON would keep a value as it is. What `second` and `third` share with it, by place, is not looked into. */
export function isJson(value: unknown, second: unknown, third: unknown, depth: number, found: Findings): boolean {
  if (typeof value !== 'object') return isJsonScalar(value);
  if (value === null || (value === second && value === third)) return true;
  if (depth > maxDepth) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isJson(value[index], child(second, index), child(third, index), depth + 1, found)) return false;
    }
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (!key.isWellFormed()) return false;
    if (field === undefined) found.hasUndefined = true;
    else if (typeof field !== 'object') {
      if (!isJsonScalar(field)) return false;
    } else if (!isJson(field, child(second, key), child(third, key), depth + 1, found)) return false;
  }
  return true;
}

export function isJsonScalar(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value);
    default:
      return typeof value === 'boolean';
  }
}

/** What {@link isJson} does, with an account of the path: only to say what is wrong, and where. */
function check(value: unknown, second: unknown, third: unknown, path: (string | number)[]): void {
  if (typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || value === null) return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new InvalidArgumentError(nameOf(path), 'well-formed Unicode text', value);
  } else if (typeof value !== 'object') {
    throw new InvalidArgumentError(nameOf(path), 'a JSON value', value);
  } else if (value === second && value === third) {
    return;
  } else if (path.length > maxDepth) {
    throw new InvalidArgumentError(path[0] as string, `a JSON value without cycles, at most ${maxDepth} deep`, value);
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index);
      check(value[index], child(second, index), child(third, index), path);
      path.pop();
    }
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      const field = value[key];
      path.push(key);
      if (!key.isWellFormed()) throw new InvalidArgumentError(nameOf(path), 'well-formed Unicode keys', key);
      if (field !== undefined) check(field, child(second, key), child(third, key), path);
      path.pop();
    }
  } else {
    throw new InvalidArgumentError(nameOf(path), 'a JSON value (no class instance)', value);
  }
}

// Only ever compared by identity, so what an inherited key gives does no harm.
const child = (value: unknown, key: string | number) =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const nameOf = (path: readonly (string | number)[]) =>
  path.map((part, at) => (at === 0 ? part : typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
