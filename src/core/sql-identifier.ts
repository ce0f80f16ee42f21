import { InvalidArgumentError } from './errors.ts';

/**
 * A schema, table or prefix name, quoted for SQL.
 *
 * @throws {@link InvalidArgumentError} for anything but 1 to 48 letters, digits and underscores that begin with no digit
 * (48 leaves room for our suffixes within PostgreSQL's 63).
 */
export function quoteIdentifier(name: string, what: string): string {
  if (typeof name !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]{0,47}$/.test(name)) {
    throw new InvalidArgumentError(what, '1 to 48 letters, digits or underscores that begin with no digit', name);
  }
  return `"${name}"`;
}
