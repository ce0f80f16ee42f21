import { InvalidArgumentError } from '../core/errors.ts';
import { checkWhole } from './arguments.ts';
import type { Retention } from './version-store.ts';

/** How much of each aggregate's history stays; at least one limit. What exceeds any of them goes, the newest version never. */
export interface RetentionOptions {
  /** So many of the newest versions, 1 or more. */
  readonly versions?: number;
  /** The newest versions that together take at most so many bytes, as the storage holds them. */
  readonly bytes?: number;
  /** Versions that were the newest at some time in the last so many ms. */
  readonly ageMs?: number;
  /**
   * Whatever the limits say, a version stays for so many ms after it was replaced: snapshots of other processes that are
   * no older lose nothing. Default 0.
   */
  readonly graceMs?: number;
}

/** The options, if they limit something. @throws {@link InvalidArgumentError} otherwise. */
export function checkRetention(options: RetentionOptions, what: string): RetentionOptions {
  const { versions, bytes, ageMs, graceMs = 0 } = options ?? {};
  if (versions === undefined && bytes === undefined && ageMs === undefined) {
    throw new InvalidArgumentError(what, 'versions, bytes or ageMs', options);
  }
  checkWhole(versions ?? 1, 1, `${what}.versions`);
  checkWhole(bytes ?? 0, 0, `${what}.bytes`);
  checkWhole(ageMs ?? 0, 0, `${what}.ageMs`);
  checkWhole(graceMs, 0, `${what}.graceMs`);
  return options;
}

/** The options as of now, in the terms of a storage. */
export function retentionAt(
  { versions, bytes, ageMs, graceMs }: RetentionOptions,
  now: number,
  horizon: number,
): Retention {
  return {
    horizon,
    keepVersions: versions,
    keepBytes: bytes,
    keepSince: ageMs === undefined ? undefined : now - ageMs,
    graceSince: graceMs === undefined ? undefined : now - graceMs,
  };
}
