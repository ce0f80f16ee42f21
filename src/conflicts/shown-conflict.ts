import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject, presentFields } from '../core/json-value.ts';

/** A conflict in the terms of those who write what is merged, such as the lines of a file. */
export interface ShownConflict {
  /** Where, in words. */
  readonly place: string;
  /** What the base has there; none if that is nothing. */
  readonly base?: string | undefined;
  readonly local?: string | undefined;
  readonly remote?: string | undefined;
}

/** @throws {@link InvalidArgumentError} for anything else, but for undefined, which is none. */
export function parseShown(value: unknown): ShownConflict | undefined {
  if (value === undefined) return undefined;
  if (!isPlainObject(value)) throw new InvalidArgumentError('conflict.shown', '{ place, base, local, remote }', value);
  const { place, base, local, remote } = value;
  const sides = { base, local, remote };
  for (const [name, text] of [['place', place ?? null] as const, ...Object.entries(sides)]) {
    const isText = text === undefined || (typeof text === 'string' && text.isWellFormed());
    if (!isText) throw new InvalidArgumentError(`conflict.shown.${name}`, 'well-formed text', text);
  }
  return presentFields({ place, ...sides }) as unknown as ShownConflict;
}
