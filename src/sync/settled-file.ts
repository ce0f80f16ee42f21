import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sleep } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { StorageError } from '../core/errors.ts';
import { emptyHash, type FileLook, isMissing, lookAtFile } from './look-at-file.ts';

/** When a content counts as saved. */
export interface SettlingOptions {
  /** Once it is that old, or unchanged at a second look that much later, in ms. */
  readonly stableMs: number;
  /** The same for an empty or missing file, in ms. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

const maxLooks = 50;

/**
 * Reads a file whole, as {@link lookAtFile}, but not in the middle of a save: truncated, half written, or away until it is
 * written anew. Only what has changed a moment ago is looked at again.
 *
 * @throws {@link StorageError} if it does not come to rest.
 */
export async function lookAtSettledFile(path: string, options: SettlingOptions): Promise<FileLook> {
  const { clock, signal } = options;
  let last: { readonly hash: string | null; readonly changedAt: number } | undefined;
  for (let looks = 0; looks < maxLooks; looks++) {
    const look = await lookAtFile(path);
    const { hash } = look;
    const changedAt = await lastChange(path);
    const restMs = hash === null || hash === emptyHash ? options.graceMs : options.stableMs;
    if (Date.now() - changedAt >= restMs || (hash === last?.hash && changedAt === last.changedAt)) return look;
    last = { hash, changedAt };
    await sleep(restMs, { clock, signal });
  }
  throw new StorageError(`read "${path}"`, 'it changes all the time: it is read once it comes to rest');
}

/**
 * When the file changed, or came or went, in ms since 1970. By the wall clock, as that is what file systems stamp with: where
 * it was set back, or a server's is ahead, a file seems to be new, and is looked at twice.
 */
async function lastChange(path: string): Promise<number> {
  for (const each of [path, dirname(path)]) {
    try {
      return (await stat(each)).ctimeMs;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return 0;
}
