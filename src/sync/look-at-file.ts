import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/** A file as one look found it. */
export interface FileLook {
  /** SHA-256, in hex, of the content; null when there is no file. */
  readonly hash: string | null;
  readonly bytes: Uint8Array;
}

const nothing: FileLook = { hash: null, bytes: new Uint8Array() };

/** Hash of an empty file. */
export const emptyHash = sha256(nothing.bytes);

/** Reads a file whole. What is not a regular file (a folder, a pipe, nothing) is no file. */
export async function lookAtFile(path: string): Promise<FileLook> {
  try {
    // Reading a pipe would wait for its writer, so its kind is asked for first.
    if (!(await stat(path)).isFile()) return nothing;
    const bytes = await readFile(path);
    return { hash: sha256(bytes), bytes };
  } catch (error) {
    if (isMissing(error)) return nothing;
    throw error;
  }
}

/** Whether an error of `node:fs` says that there is no file at the path. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}

/** The bytes as text with nothing changed or lost, or null if they are not UTF-8. */
export function exactText(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') : null;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
