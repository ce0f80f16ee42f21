import { copyFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkspaceError } from './workspace-error.ts';

/** Younger than this, a file's time does not tell whether it was written again: file systems keep time in ticks. */
const settledMs = 20;

/**
 * Copies files that belong together, such as a database and its write-ahead log, in one state.
 *
 * Copies again while somebody writes to them; files that are missing are left out. The sources are only read.
 *
 * @throws {WorkspaceError} `SOURCE_CHANGING` when they don't come to rest.
 */
export async function copyStable(
  files: readonly { readonly from: string; readonly to: string }[],
  options: { readonly attempts?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { attempts = 20, signal } = options;
  for (let attempt = 0; attempt < attempts; attempt++) {
    signal?.throwIfAborted();
    const before = await Promise.all(files.map(({ from }) => fingerprint(from)));
    for (const { from, to } of files) await copyIfThere(from, to);
    const after = await Promise.all(files.map(({ from }) => fingerprint(from)));
    const same = before.every((state, index) => state?.text === after[index]?.text);
    if (same && before.every((state) => !state || Date.now() - state.writtenAtMs > settledMs)) return;
    await sleep(settledMs * 2, undefined, signal ? { signal } : {});
  }
  const message = `is being written all the time; stop the server, or copy the file yourself and give the copy`;
  throw new WorkspaceError('SOURCE_CHANGING', files[0]!.from, message);
}

async function fingerprint(path: string): Promise<{ text: string; writtenAtMs: number } | undefined> {
  try {
    const { ino, size, mtimeNs, mtimeMs } = await stat(path, { bigint: true });
    return { text: `${ino} ${size} ${mtimeNs}`, writtenAtMs: Number(mtimeMs) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await rm(to, { force: true }); // of an earlier attempt
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
