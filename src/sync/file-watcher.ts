import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError } from '../core/errors.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import { FileWatchError } from './errors.ts';
import type { FileChange } from './file-change.ts';
import { FileHints } from './file-hints.ts';
import { emptyHash, exactText, type FileLook, lookAtFile } from './look-at-file.ts';
import { atLeastOne, milliseconds } from './number-options.ts';
import { Slots } from './slots.ts';
import { isWithin, WatchedPaths } from './watched-paths.ts';

/** Options of a {@link FileWatcher}. */
export interface FileWatcherOptions {
  /** A file is looked at once nothing has happened to it for this long, in ms. Default 20. */
  readonly debounceMs?: number;
  /** A content counts when a second look this much later, in ms, finds the same. Default 10. */
  readonly stableMs?: number;
  /**
   * The same for an empty or missing file, in ms: most are saves under way (truncate then write, remove then write).
   * Default 100.
   */
  readonly graceMs?: number;
  /**
   * Hashes by path that the caller has already dealt with, as {@link FileWatcher.files} gave them: what differs from
   * them is reported at the start. Default: what is there at the start counts as known. An empty map reports each
   * file as added.
   */
  readonly known?: ReadonlyMap<string, string>;
  /** Which files count, by path as in {@link FileChange}. Default: all. */
  readonly includeFile?: (path: string) => boolean;
  /** Which folders are entered. Default: all. */
  readonly includeFolder?: (path: string) => boolean;
  /** How many files are read or handled at once. Default 16. */
  readonly concurrency?: number;
  /** How often reading and handling one change is tried before it is left to the file's next event. Default 5. */
  readonly attempts?: number;
  /** The pauses between tries. */
  readonly backoff?: BackoffOptions;
  /**
   * Told of what no caller waits for: a file that can't be read, a handler that failed, a folder that went
   * ({@link FileWatchError}). Default: thrown later, as an uncaught exception.
   */
  readonly onError?: OnError;
  readonly clock?: Clock;
  readonly random?: Random;
}

interface Settling {
  touchedAt: number;
  again: boolean;
  readonly done: Promise<void>;
}

/**
 * Reports each change of content of a file, or of the files in a folder, to `onFileChange`.
 *
 * - The last content of a file is always reported, whatever happened in between; intermediate ones may be.
 * - A content is reported whole: never a save whose parts come less than `stableMs` apart, nor a file truncated or
 *   replaced less than `graceMs` ago.
 * - Saving the same content again, touching and replacing by an equal file are no change. Writing beside and renaming
 *   over is one change.
 * - Changes of one file come one after the other. A change whose handler failed is reported again, then with the
 *   content of then: some times with growing pauses, after that at the file's next event.
 *
 * Works on file system events, without polling. Extend it and override `onFileChange`.
 *
 * @example
 * ```ts
 * class Printer extends FileWatcher {
 *   protected override async onFileChange(change: FileChange): Promise<void> {
 *     process.stdout.write(`${change.kind} ${change.path}\n`);
 *   }
 * }
 * const printer = new Printer('openspec/changes', { includeFile: (path) => path.endsWith('tasks.md') });
 * await printer.start();
 * ```
 */
export class FileWatcher {
  readonly #paths: WatchedPaths;
  readonly #debounceMs: number;
  readonly #stableMs: number;
  readonly #graceMs: number;
  readonly #report: boolean;
  readonly #attempts: number;
  readonly #backoff: BackoffOptions;
  readonly #random: Random;
  readonly #onError: OnError;
  readonly #clock: Clock;
  readonly #slots: Slots;
  readonly #hints: FileHints;
  /** What was last reported of each file, by absolute path. */
  readonly #known = new Map<string, string>();
  readonly #settling = new Map<string, Settling>();
  readonly #closing = new AbortController();
  /** Files hinted at before the start is over; undefined afterwards. */
  #early: Set<string> | undefined = new Set();
  #started: Promise<void> | undefined;

  /** @throws {@link InvalidArgumentError} for a path or an option of the wrong kind. */
  constructor(path: string | readonly string[], options: FileWatcherOptions = {}) {
    checkObject(options);
    const { includeFile = () => true, includeFolder = () => true, clock = systemClock, known } = options;
    this.#paths = new WatchedPaths(path);
    this.#debounceMs = milliseconds(options.debounceMs ?? 20, 'options.debounceMs');
    this.#stableMs = milliseconds(options.stableMs ?? 10, 'options.stableMs');
    this.#graceMs = milliseconds(options.graceMs ?? 100, 'options.graceMs');
    this.#slots = new Slots(atLeastOne(options.concurrency ?? 16, 'options.concurrency'));
    this.#attempts = atLeastOne(options.attempts ?? 5, 'options.attempts');
    this.#backoff = options.backoff ?? {};
    this.#random = options.random ?? Math.random;
    this.#onError = options.onError ?? throwLater;
    this.#clock = clock;
    setMaxListeners(0, this.#closing.signal); // one a file that waits
    this.#report = known !== undefined;
    for (const [name, hash] of known ?? []) {
      if (this.#paths.covers(resolve(name))) this.#known.set(resolve(name), hash);
    }
    this.#hints = new FileHints({
      paths: this.#paths,
      clock,
      settleMs: this.#graceMs,
      includeFile: (file) => includeFile(this.#paths.nameOf(file)),
      includeFolder: (folder) => includeFolder(this.#paths.nameOf(folder)),
      onHint: (file) => void this.#touch(file),
      onFolderGone: (folder) => {
        for (const file of this.#known.keys()) if (isWithin(folder, file)) void this.#touch(file);
      },
      onError: this.#onError,
    });
  }

  /**
   * What was last reported or found of each file: path to hash. Keep it and pass it as `known` to the next watcher,
   * which then reports what changed while nobody watched.
   */
  get files(): ReadonlyMap<string, string> {
    return new Map([...this.#known].map(([file, hash]) => [this.#paths.nameOf(file), hash]));
  }

  /**
   * Begins to watch. Resolves once the files found have been read, and with `known` once what differs has been
   * reported; each edit after that reading is reported. Who read the files before the call passes `known`.
   *
   * @throws {@link FileWatchError} if a path can't be watched, or neither it nor its folder exists.
   * @throws {@link ClosedError} after {@link FileWatcher.close}.
   */
  start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#started ??= this.#start(options.signal);
    return this.#started;
  }

  /**
   * Says what was found in a file, or written to it, by others than this watcher (null: nothing). Unless that is what was
   * last reported, whatever the file holds next is: what was reported before, too.
   */
  noteContent(path: string, hash: string | null): void {
    const file = resolve(path);
    if (this.#knownHash(file) === hash) return;
    this.#known.delete(file);
    void this.#touch(file);
  }

  /**
   * Ends watching. Resolves once handlers that run are done; do not await it inside one. A change not yet reported is
   * left to the next watcher's `known`.
   */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError('The file watcher'));
    await this.#hints.close();
    await Promise.all([...this.#settling.values()].map((settling) => settling.done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Called with each change, one at a time for a file. What it rejects with goes to `onError`.
   *
   * Override it with a {@link FileChange} as parameter, or with the part of one that you use.
   */
  protected async onFileChange(_change: Pick<FileChange, 'path' | 'kind'>): Promise<void> {}

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    either.throwIfAborted();
    try {
      await this.#hints.start(either);
      const found = this.#early ?? new Set<string>();
      this.#early = this.#report ? undefined : new Set();
      if (this.#report) for (const file of this.#known.keys()) found.add(file);
      await Promise.all([...found].map((file) => (this.#report ? this.#touch(file) : this.#learn(file))));
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const file of early) void this.#touch(file);
      either.throwIfAborted();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #learn(file: string): Promise<void> {
    try {
      const { hash } = await this.#slots.run(() => lookAtFile(file));
      if (hash !== null) this.#known.set(file, hash);
    } catch (error) {
      this.#fail(file, error);
    }
  }

  /** Resolves once the file has been looked at and its change, if any, has been handled. */
  async #touch(file: string): Promise<void> {
    if (this.#closing.signal.aborted) return;
    if (this.#early) return void this.#early.add(file);
    const running = this.#settling.get(file);
    if (running) {
      running.touchedAt = this.#clock.now();
      running.again = true;
      return running.done;
    }
    const settling: Settling = {
      touchedAt: this.#clock.now(),
      again: true,
      done: Promise.resolve().then(() => this.#settle(file, settling)),
    };
    this.#settling.set(file, settling);
    return settling.done;
  }

  async #settle(file: string, settling: Settling): Promise<void> {
    let failures = 0;
    try {
      while (settling.again) {
        await this.#quiet(settling);
        settling.again = false;
        try {
          await this.#examine(file);
          failures = 0;
        } catch (error) {
          if (this.#isEnd(error)) throw error;
          this.#fail(file, error);
          settling.again ||= ++failures < this.#attempts;
          if (settling.again) await this.#sleep(backoffDelay(failures, this.#backoff, this.#random));
        }
      }
    } catch (error) {
      if (!this.#isEnd(error)) throw error;
    } finally {
      this.#settling.delete(file);
    }
  }

  async #quiet(settling: Settling): Promise<void> {
    for (;;) {
      const restMs = settling.touchedAt + this.#debounceMs - this.#clock.now();
      if (restMs <= 0) return;
      await this.#sleep(restMs);
    }
  }

  /** Looks until two looks in a row find the same, then reports it if it is not what is known. */
  async #examine(file: string): Promise<void> {
    let { hash } = await this.#slots.run(() => lookAtFile(file));
    for (let same = false; !same && hash !== this.#knownHash(file); ) {
      await this.#sleep(hash === null || hash === emptyHash ? this.#graceMs : this.#stableMs);
      same = await this.#slots.run(async () => {
        const look = await lookAtFile(file);
        if (look.hash !== hash) {
          hash = look.hash;
          return false;
        }
        if (!this.#closing.signal.aborted) await this.#handle(file, look);
        return true;
      });
    }
  }

  async #handle(file: string, look: FileLook): Promise<void> {
    const previousHash = this.#knownHash(file);
    const kind = look.hash === null ? 'removed' : previousHash === null ? 'added' : 'changed';
    const text = look.hash === null ? null : exactText(look.bytes);
    const path = this.#paths.nameOf(file);
    const change: FileChange = Object.freeze({ path, kind, hash: look.hash, previousHash, text });
    await this.onFileChange(change);
    if (look.hash === null) this.#known.delete(file);
    else this.#known.set(file, look.hash);
  }

  #knownHash(file: string): string | null {
    return this.#known.get(file) ?? null;
  }

  #fail(file: string, cause: unknown): void {
    const problem = 'reading it or handling its change failed';
    this.#onError(new FileWatchError(this.#paths.nameOf(file), problem, { cause }));
  }

  #isEnd(error: unknown): boolean {
    return this.#closing.signal.aborted && error === this.#closing.signal.reason;
  }

  #sleep(delayMs: number): Promise<void> {
    return sleep(delayMs, { clock: this.#clock, signal: this.#closing.signal });
  }
}
