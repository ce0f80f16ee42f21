import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject } from '../core/json-value.ts';

/** How deeply a value to be merged may be nested: more than any real document is, and far from the end of the stack. */
const maxDepth = 1_000;

/**
 * Refuses versions that JSON would not keep as they are, before anything is compared: two different dates have the same
 * keys, namely none, and one of them would be lost.
 *
 * Objects that all three versions share are not looked into: nobody changed them, and they cost nothing (CF11).
 *
 * @returns Whether a field is `undefined`: absent, as in JSON, but not yet equal to its absence.
 * @throws {@link InvalidArgumentError} naming the version and the path.
 */
export function checkVersions(base: unknown, local: unknown, remote: unknown): { hasUndefined: boolean } {
  const found = { hasUndefined: false };
  const isSound =
    isJson(base, local, remote, 1, found) &&
    isJson(local, base, remote, 1, found) &&
    isJson(remote, base, local, 1, found);
  // Only to say what is wrong, and where.
  if (isSound) return found;
  check(base, local, remote, ['base'], found);
  check(local, base, remote, ['local'], found);
  check(remote, base, local, ['remote'], found);
  return found;
}

/** What {@link check} does, without keeping account of the path. */
function isJson(
  value: unknown,
  second: unknown,
  third: unknown,
  depth: number,
  found: { hasUndefined: boolean },
): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      break;
    default:
      return false;
  }
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
    else if (typeof field === 'object') {
      if (!isJson(field, child(second, key), child(third, key), depth + 1, found)) return false;
    } else if (!isJson(field, undefined, undefined, depth, found)) return false;
  }
  return true;
}

function check(
  value: unknown,
  second: unknown,
  third: unknown,
  path: (string | number)[],
  found: { hasUndefined: boolean },
): void {
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
      check(value[index], child(second, index), child(third, index), path, found);
      path.pop();
    }
  } else if (isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      const field = value[key];
      path.push(key);
      if (!key.isWellFormed()) throw new InvalidArgumentError(nameOf(path), 'well-formed Unicode keys', key);
      if (field === undefined) found.hasUndefined = true;
      else check(field, child(second, key), child(third, key), path, found);
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
