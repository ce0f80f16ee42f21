import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InvalidArgumentError, StorageError } from '../core/errors.ts';
import { KeyedQueue } from '../core/keyed-queue.ts';
import type { FileChange } from '../sync/file-change.ts';
import { FileWatcher, type FileWatcherOptions } from '../sync/file-watcher.ts';
import { exactText, isMissing, lookAtFile } from '../sync/look-at-file.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from '../sync/replica.ts';
import type { TasksFile } from './tasks-merger.ts';

/** Options of a {@link TasksFileReplica}. */
export interface TasksFileReplicaOptions {
  /** Name of the file in each folder. Default `tasks.md`. */
  readonly fileName?: string;
  /** How the files are watched. */
  readonly watcher?: Omit<FileWatcherOptions, 'known' | 'includeFile'>;
}

/**
 * The tasks.md files in the folders below a root, one a record; its id is the name of the folder.
 *
 * A file is written whole, beside and renamed over, and durable once that has resolved. Its version is the hash of its
 * content. An editor that saves in place while a file is written wins: its content is put back.
 */
export class TasksFileReplica implements Replica<TasksFile> {
  readonly #root: string;
  readonly #fileName: string;
  readonly #watcher: TasksFileReplicaOptions['watcher'];
  readonly #queue = new KeyedQueue();

  constructor(root: string, options: TasksFileReplicaOptions = {}) {
    const { fileName = 'tasks.md', watcher } = options;
    this.#root = root;
    this.#fileName = checkName(fileName, 'options.fileName');
    this.#watcher = watcher;
  }

  async read(id: string): Promise<ReplicaRecord<TasksFile>> {
    const path = this.#pathOf(id);
    const { hash, bytes } = await lookAtFile(path);
    if (hash === null) return { state: undefined, version: '' };
    const text = exactText(bytes);
    if (text === null) throw new StorageError(`read "${path}"`, 'it is not UTF-8: convert it');
    return { state: { text }, version: hash };
  }

  async write(id: string, state: TasksFile | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    const path = this.#pathOf(id);
    return this.#queue.run(id, () => this.#write(path, state, options));
  }

  async *ids(): AsyncIterable<string> {
    for (const entry of await readdir(this.#root, { withFileTypes: true })) {
      if (entry.isFile()) continue;
      if ((await lookAtFile(join(this.#root, entry.name, this.#fileName))).hash !== null) yield entry.name;
    }
  }

  async watch(listener: (id: string) => void): Promise<() => Promise<void>> {
    const isOne = (path: string) => basename(path) === this.#fileName;
    const watcher = new TellingWatcher(this.#root, { ...this.#watcher, includeFile: isOne }, (path) =>
      listener(basename(dirname(path))),
    );
    await watcher.start();
    return () => watcher.close();
  }

  #pathOf(id: string): string {
    return join(this.#root, checkName(id, 'id'), this.#fileName);
  }

  async #write(
    named: string,
    state: TasksFile | undefined,
    { expectedVersion, signal }: ReplicaWriteOptions,
  ): Promise<ReplicaWriteOutcome> {
    const path = await realpath(named).catch(() => named);
    const folder = dirname(path);
    const [fresh, kept] = [temporary(path), temporary(path)];
    const hashOf = async (file: string) => (await lookAtFile(file)).hash ?? '';
    try {
      if (state) {
        await mkdir(folder, { recursive: true });
        await writeDurably(fresh, state.text, await modeOf(path));
      }
      signal?.throwIfAborted();
      // A second name of what is replaced: whoever writes into it in this moment is not lost with it.
      if (expectedVersion !== '') await link(path, kept).catch(ignoreMissing);
      if ((await hashOf(path)) !== expectedVersion) return { status: 'conflict' };
      if (state && expectedVersion !== '') await rename(fresh, path);
      else if (state) await link(fresh, path);
      else if (expectedVersion !== '') await rm(path);
      if (expectedVersion !== '' && (await hashOf(kept)) !== expectedVersion) {
        await rename(kept, path);
        return { status: 'conflict' };
      }
      if (state || expectedVersion !== '') await syncFolder(folder);
      return { status: 'written', version: await hashOf(path) };
    } catch (error) {
      // Somebody made the file first.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return { status: 'conflict' };
      throw error;
    } finally {
      await Promise.all([fresh, kept].map((file) => rm(file, { force: true })));
    }
  }
}

class TellingWatcher extends FileWatcher {
  readonly #tell: (path: string) => void;

  constructor(root: string, options: FileWatcherOptions, tell: (path: string) => void) {
    super(root, options);
    this.#tell = tell;
  }

  protected override async onFileChange(change: FileChange): Promise<void> {
    this.#tell(change.path);
  }
}

function checkName(name: string, what: string): string {
  const isPlain = typeof name === 'string' && name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
  if (!isPlain) throw new InvalidArgumentError(what, 'the name of one folder or file', name);
  return name;
}

const temporary = (path: string) => join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function modeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mode & 0o7777;
  } catch (error) {
    ignoreMissing(error);
    return 0o666 & ~process.umask();
  }
}

/** So that the new name survives a power cut too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
