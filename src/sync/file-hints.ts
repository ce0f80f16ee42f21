import { setMaxListeners } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { abortable, sleep } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { FileWatchError } from './errors.ts';
import { isMissing } from './look-at-file.ts';
import { isWithin, type WatchedPaths } from './watched-paths.ts';

/** What {@link FileHints} needs to know and to tell. Paths are absolute. */
export interface FileHintsOptions {
  readonly paths: WatchedPaths;
  readonly clock: Clock;
  /** How long after a folder appeared it is listed once more, in ms. */
  readonly settleMs: number;
  readonly includeFile: (path: string) => boolean;
  readonly includeFolder: (path: string) => boolean;
  /** Something may have happened to this file. */
  readonly onHint: (path: string) => void;
  /** Everything below this folder may be gone. */
  readonly onFolderGone: (path: string) => void;
  readonly onError: (error: FileWatchError) => void;
}

/**
 * Says which files may have changed: often too many, never too few.
 *
 * chokidar's own events are too few: it drops a change within 50 ms of another and a removal within 100 ms of another,
 * stops following a file or folder that is replaced faster than it looks, and misses what is put into a new folder
 * between its listing and its watch. So every raw event of the file system is a hint too, the folder of a single file
 * is watched instead of the file, a new folder is listed once more, and a replaced one is watched anew.
 */
export class FileHints {
  readonly #options: FileHintsOptions;
  readonly #folders = new Set<string>();
  /** Folders that are watched only because of a file in them. */
  readonly #anchors = new Set<string>();
  readonly #pending = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #watcher: FSWatcher | undefined;
  #ready = false;

  constructor(options: FileHintsOptions) {
    setMaxListeners(0, this.#closing.signal); // one a folder that waits
    this.#options = options;
  }

  /** Resolves once everything is watched and each file that was found has been hinted at. */
  async start(signal: AbortSignal): Promise<void> {
    const { paths, onError } = this.#options;
    const folders = await Promise.all(paths.absolute.map((path) => this.#folderToWatch(path)));
    signal.throwIfAborted();
    const watcher = watch([], {
      atomic: false,
      usePolling: false,
      ignored: (path, stats) => !this.#includes(resolve(path), stats?.isDirectory()),
    });
    this.#watcher = watcher;
    const all = paths.absolute.map((path) => paths.nameOf(path)).join(', ');
    const ready = new Promise<void>((resolveReady, reject) => {
      watcher.once('ready', resolveReady);
      watcher.on('error', (cause) => {
        const { path, code } = cause as NodeJS.ErrnoException;
        const isOne = path && !paths.absolute.includes(path) && code !== 'ENOSPC' && code !== 'EMFILE';
        const error = new FileWatchError(isOne ? paths.nameOf(path) : all, watchAdvice, { cause });
        if (this.#ready || isOne) onError(error);
        else reject(error);
      });
    });
    watcher.on('raw', (type, entry, details) => this.#onRaw(type, entry, details));
    watcher.on('addDir', (path) => this.#onFolder(resolve(path)));
    watcher.on('unlinkDir', (path) => this.#onFolderGone(resolve(path)));
    for (const event of ['add', 'change', 'unlink'] as const) watcher.on(event, (path) => this.#hint(resolve(path)));
    watcher.add([...new Set(folders)]);
    await abortable(ready, signal);
    this.#ready = true;
    await Promise.all([...this.#folders].map((folder) => this.#guard(folder, () => this.#list(folder))));
  }

  /** No hint comes after it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watcher?.close();
    await Promise.all(this.#pending.values());
  }

  async #folderToWatch(path: string): Promise<string> {
    const name = this.#options.paths.nameOf(path);
    try {
      if ((await stat(path)).isDirectory()) return path;
    } catch (error) {
      if (!isMissing(error)) throw new FileWatchError(name, 'can not be read', { cause: error });
    }
    const folder = dirname(path);
    try {
      await stat(folder);
    } catch (error) {
      throw new FileWatchError(name, 'neither it nor its folder can be read: make the folder first', { cause: error });
    }
    this.#anchors.add(folder);
    return folder;
  }

  #includes(path: string, isFolder: boolean | undefined): boolean {
    if (!this.#options.paths.covers(path)) return this.#anchors.has(path);
    if (isFolder === undefined) return true; // chokidar asks again once it knows
    return isFolder ? this.#options.includeFolder(path) : this.#options.includeFile(path);
  }

  #hint(path: string): void {
    if (!this.#folders.has(path) && this.#options.paths.covers(path) && this.#options.includeFile(path)) {
      this.#options.onHint(path);
    }
  }

  #onRaw(type: string, entry: string | null, details: unknown): void {
    const watched = resolve((details as { watchedPath: string }).watchedPath);
    const path = this.#folders.has(watched) && entry ? join(watched, entry) : watched;
    this.#hint(path);
    if (type !== 'rename') return;
    // A folder's own removal comes from its parent or, under its own name, from itself.
    for (const folder of entry === basename(watched) ? [path, watched] : [path]) {
      if (this.#folders.has(folder)) this.#later(folder, () => this.#watchAnew(folder));
    }
  }

  #onFolder(path: string): void {
    this.#folders.add(path);
    if (this.#ready) this.#later(path, () => this.#list(path));
  }

  #onFolderGone(path: string): void {
    if (!this.#folders.has(path)) return;
    for (const folder of this.#folders) if (isWithin(path, folder)) this.#folders.delete(folder);
    this.#options.onFolderGone(path);
    const isRoot = this.#options.paths.absolute.includes(path) && !this.#anchors.has(dirname(path));
    if (isRoot || this.#anchors.has(path)) {
      const problem = 'the watched folder is gone, nothing put there again will be seen: make a new watcher';
      this.#options.onError(new FileWatchError(this.#options.paths.nameOf(path), problem));
    }
  }

  /** Hints at every file that is in the folder now, and watches folders in it that are not watched yet. */
  async #list(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true });
    if (this.#closing.signal.aborted) return; // adding a path would open chokidar's watcher again
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) this.#hint(path);
      else if (!this.#folders.has(path) && this.#includes(path, true)) this.#watcher?.add(path);
    }
  }

  /** A watch stays with the folder that it was made for, even when another one takes its name. */
  async #watchAnew(folder: string): Promise<void> {
    try {
      await stat(folder);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return this.#onFolderGone(folder);
    }
    if (this.#closing.signal.aborted) return;
    for (const path of this.#folders) {
      if (isWithin(folder, path)) this.#watcher?.unwatch(path).add(path);
    }
  }

  #later(folder: string, work: () => Promise<void>): void {
    if (this.#pending.has(folder)) return;
    const { clock, settleMs } = this.#options;
    const done = this.#guard(folder, async () => {
      await sleep(settleMs, { clock, signal: this.#closing.signal });
      this.#pending.delete(folder);
      await work();
    });
    this.#pending.set(folder, done);
  }

  /** A folder that is gone meanwhile is no failure. */
  async #guard(folder: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#closing.signal.aborted || isMissing(error)) return;
      const path = this.#options.paths.nameOf(folder);
      this.#options.onError(new FileWatchError(path, 'can not be listed', { cause: error }));
    }
  }
}

const watchAdvice =
  'can not be watched; on Linux ENOSPC and EMFILE mean that fs.inotify.max_user_watches or max_user_instances is used up';
