import { checksum } from '../core/checksum.ts';
import { isMigrationError } from '../core/errors.ts';
import { VersionCorruptedError } from './errors.ts';
import type { StoredVersion, VersionStore } from './version-store.ts';

/** What became of checking every version. */
export interface VersionReport {
  /** How many were looked at. */
  readonly versions: number;
  /** How many of them have no stored checksum to compare with: deletions, and what was written with `checksums: 'computed'`. */
  readonly unchecked: number;
  readonly corrupted: readonly VersionCorruptedError[];
}

/** Whether the state has the checksum stored beside it, if there is one. */
export function isIntact({ state, checksum: stored }: StoredVersion): boolean {
  return stored === undefined || (state !== undefined && checksum(state) === stored);
}

/** Checks every version that a store has, a page at a time. */
export async function verifyVersions(store: VersionStore, signal: AbortSignal | undefined): Promise<VersionReport> {
  const corrupted: VersionCorruptedError[] = [];
  let [versions, unchecked, after] = [0, 0, 0];
  for (;;) {
    signal?.throwIfAborted();
    const page = await store.changes({ after, prefix: '', limit: 100 });
    if (page.length === 0) return { versions, unchecked, corrupted };
    for (const stored of page) {
      versions++;
      if (stored.checksum === undefined) unchecked++;
      try {
        if (!isIntact(stored)) corrupted.push(new VersionCorruptedError(stored));
      } catch (cause) {
        // A state that can't be read says so when it is looked at.
        if (!isMigrationError(cause, 'STORAGE_FAILED')) throw cause;
        corrupted.push(new VersionCorruptedError(stored, { cause }));
      }
    }
    after = page.at(-1)!.sequence;
  }
}
