import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { checkObject } from '../core/check-argument.ts';
import { systemClock } from '../core/clock.ts';
import { InvalidArgumentError, StorageError } from '../core/errors.ts';
import { KeyedQueue } from '../core/keyed-queue.ts';
import { throwLater } from '../core/on-error.ts';
import { FileWatchError } from '../sync/errors.ts';
import type { FileChange } from '../sync/file-change.ts';
import { FileWatcher, type FileWatcherOptions } from '../sync/file-watcher.ts';
import { exactText, isMissing, lookAtFile } from '../sync/look-at-file.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from '../sync/replica.ts';
import { lookAtSettledFile } from '../sync/settled-file.ts';
import type { TasksFile } from './tasks-merger.ts';

/** Of this process, whichever replica writes: comparing and renaming are two steps. */
const writing = new KeyedQueue();

/** Options of a {@link TasksFileReplica}. */
export interface TasksFileReplicaOptions {
  /** Name of the file in each folder. Default `tasks.md`. */
  readonly fileName?: string;
  /** How the files are watched, and when a content counts as saved: `stableMs`, `graceMs` and `clock` are for reading too. */
  readonly watcher?: Omit<FileWatcherOptions, 'known' | 'includeFile'>;
}

/**
 * The tasks.md files in the folders below a root, one a record; its id is the name of the folder.
 *
 * A file is written whole, beside and renamed over, and durable once that has resolved. Its version is the hash of its
 * content. An editor that saves in place while a file is written wins: its content is put back.
 *
 * A file is not read in the middle of a save. The root must be there: without it no record counts as removed.
 */
export class TasksFileReplica implements Replica<TasksFile> {
  readonly #root: string;
  readonly #fileName: string;
  readonly #watcher: TasksFileReplicaOptions['watcher'];
  readonly #watchers = new Set<FileWatcher>();

  constructor(root: string, options: TasksFileReplicaOptions = {}) {
    if (typeof root !== 'string' || root === '') throw new InvalidArgumentError('root', 'the path of a folder', root);
    checkObject(options);
    const { fileName = 'tasks.md', watcher } = options;
    this.#root = root;
    this.#fileName = checkName(fileName, 'options.fileName');
    this.#watcher = watcher;
  }

  /** @throws {@link StorageError} if it is not UTF-8, or not known to be there or not. */
  async read(
    id: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ReplicaRecord<TasksFile>> {
    const path = this.#pathOf(id);
    const { stableMs = 10, graceMs = 100, clock = systemClock } = this.#watcher ?? {};
    const { hash, bytes } = await lookAtSettledFile(path, { stableMs, graceMs, clock, signal: options.signal });
    this.#note(path, hash);
    if (hash === null) {
      await this.#checkAbsent(path);
      return { state: undefined, version: '' };
    }
    const text = exactText(bytes);
    if (text === null) throw new StorageError(`read "${path}"`, 'it is not UTF-8: convert it');
    return { state: { text }, version: hash };
  }

  async write(id: string, state: TasksFile | undefined, options: ReplicaWriteOptions): Promise<ReplicaWriteOutcome> {
    const path = this.#pathOf(id);
    if (state && !state.text.isWellFormed()) {
      throw new InvalidArgumentError('state.text', 'text that UTF-8 can hold, without half of a surrogate pair', id);
    }
    return writing.run(resolve(path), () => this.#write(path, state, options));
  }

  /** @throws {@link StorageError} if the root is not there, or is no folder that can be read. */
  async *ids(): AsyncIterable<string> {
    const entries = await readdir(this.#root, { withFileTypes: true }).catch((cause: unknown) => {
      throw new StorageError(`list "${this.#root}"`, 'give the folder that holds one folder a record', { cause });
    });
    for (const entry of entries) {
      if (entry.isFile()) continue;
      // What can't be read is one, too: its own sync is to fail, not those of all.
      if (await isThere(join(this.#root, entry.name, this.#fileName))) yield entry.name;
    }
  }

  async watch(listener: (id: string) => void, onEnd?: (error: unknown) => void): Promise<() => Promise<void>> {
    const { onError } = this.#watcher ?? {};
    const isOne = (path: string) => basename(path) === this.#fileName;
    const tell = (path: string) => listener(basename(dirname(path)));
    const fail = (error: unknown) => {
      onError?.(error);
      const [id] = error instanceof FileWatchError ? relative(this.#root, error.path).split(sep) : [];
      // What is wrong with one record comes out when it is read.
      if (id) listener(id);
      else if (onEnd) onEnd(error);
      else if (!onError) throwLater(error);
    };
    const watcher = new TellingWatcher(
      this.#root,
      { ...this.#watcher, includeFile: isOne, onError: fail },
      async ({ kind, path }) => {
        // With the root go all at once, and none of them is removed.
        if (kind !== 'removed' || (await isThere(this.#root))) tell(path);
      },
    );
    await watcher.start();
    this.#watchers.add(watcher);
    return async () => {
      this.#watchers.delete(watcher);
      await watcher.close();
    };
  }

  /** A watcher compares with what it has reported: it is to know what was synced meanwhile. */
  #note(path: string, hash: string | null): void {
    for (const watcher of this.#watchers) watcher.noteContent(path, hash);
  }

  /** @throws {@link StorageError} if something is there, or the root is not. */
  async #checkAbsent(path: string): Promise<void> {
    if (await isThere(path)) {
      throw new StorageError(`read "${path}"`, 'what is there is no file, or a link that leads nowhere: remove it');
    }
    await this.#checkRoot();
  }

  async #checkRoot(): Promise<void> {
    if (await isThere(this.#root)) return;
    throw new StorageError(`find "${this.#root}"`, 'the folder of all records is gone: bring it back, or make it');
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
    let version = '';
    try {
      if (state) {
        await this.#checkRoot();
        await mkdir(folder).catch(ignoreExisting);
        await writeDurably(fresh, state.text, await modeOf(path));
        version = await hashOf(fresh);
      }
      signal?.throwIfAborted();
      // A second name of what is replaced: whoever writes into it in this moment is not lost with it.
      if (expectedVersion !== '') await link(path, kept).catch(ignoreMissing);
      if ((await hashOf(path)) !== expectedVersion) return { status: 'conflict' };
      if (state && expectedVersion !== '') await rename(fresh, path);
      else if (state) await link(fresh, path);
      else if (expectedVersion !== '') await rm(path);
      this.#note(named, state ? version : null);
      if (expectedVersion !== '' && (await hashOf(kept)) !== expectedVersion) {
        await rename(kept, path);
        return { status: 'conflict' };
      }
      if (state || expectedVersion !== '') await syncFolder(folder);
      return { status: 'written', version };
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
  readonly #tell: (change: FileChange) => Promise<void>;

  constructor(root: string, options: FileWatcherOptions, tell: (change: FileChange) => Promise<void>) {
    super(root, options);
    this.#tell = tell;
  }

  protected override onFileChange(change: FileChange): Promise<void> {
    return this.#tell(change);
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

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}

/** Whether anything has this name, unless it is certain that nothing has. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}
