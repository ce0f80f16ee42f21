import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { jsonEqual } from '../core/json-value.ts';
import { portable } from './legacy-references.ts';
import { ArchiveConflictError } from './removal-errors.ts';

interface Manifest {
  readonly format: 1;
  readonly root: string;
  readonly components: readonly string[];
}

/** A folder that holds the components of one removal under their own paths, and a manifest written before the first move. */
export class RemovalArchive {
  readonly #folder: string;
  readonly #manifest: Manifest;

  constructor(folder: string, root: string, components: readonly string[]) {
    this.#folder = folder;
    // Relative, so that root and archive can be moved together.
    this.#manifest = { format: 1, root: portable(relative(folder, root)), components };
  }

  /** Where a component is kept. */
  pathOf(component: string): string {
    return join(this.#folder, 'files', component);
  }

  /**
   * Whether a removal of these components was begun.
   *
   * @throws {@link ArchiveConflictError} if the archive holds another one.
   */
  async isOpen(): Promise<boolean> {
    const text = await readFile(this.#manifestPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return false;
    if (!jsonEqual(parsed(text, this.#manifestPath), this.#manifest)) {
      throw new ArchiveConflictError(this.#folder, 'holds the removal of other components: choose another archive');
    }
    return true;
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const draft = `${this.#manifestPath}.draft`;
    await writeFile(draft, `${JSON.stringify(this.#manifest, null, 2)}\n`, { flush: true });
    await rename(draft, this.#manifestPath);
  }

  /** Removes the manifest, and the folders that hold nothing. */
  async close(): Promise<void> {
    await removeEmptyFolders(join(this.#folder, 'files'));
    await rm(this.#manifestPath);
    await removeEmptyFolders(this.#folder);
  }

  get #manifestPath(): string {
    return join(this.#folder, 'manifest.json');
  }
}

/** Moves within one file system, making the folders on the way. */
export async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArchiveConflictError(path, 'is not a manifest: choose another archive', { cause: error });
  }
}

async function removeEmptyFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (entries === null) return;
  for (const entry of entries) if (entry.isDirectory()) await removeEmptyFolders(join(folder, entry.name));
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}
