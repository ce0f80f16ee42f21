import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { FileChange } from '../../src/sync/file-change.ts';
import { FileWatcher } from '../../src/sync/file-watcher.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';

/** A watcher that keeps what it was told. */
export class RecordingWatcher extends FileWatcher {
  readonly changes: FileChange[] = [];
  /** Called after a change was kept; what it throws is the handler's failure. */
  onChange: (change: FileChange) => Promise<void> | void = () => {};

  protected override async onFileChange(change: FileChange): Promise<void> {
    await super.onFileChange(change);
    this.changes.push(change);
    await this.onChange(change);
  }

  /** Kind, name and text of each change, in order. */
  get story(): string[] {
    return this.changes.map(
      ({ kind, path, text }) => `${kind} ${path.split('/').at(-1)}${text === null ? '' : `: ${text}`}`,
    );
  }
}

/** A new folder that is gone when `dispose` is called. */
export async function newFolder() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'zyflow-sync-')));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Waits, as long as it takes, until the check passes. */
export const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

/** Lets so many turns of the event loop pass: to do something while others are in the middle of their work. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves a fake clock on millisecond by millisecond, with time for the reading of files in between. */
export async function advanceWithFiles(clock: FakeClock, ms: number): Promise<void> {
  for (let step = 0; step < ms; step++) {
    await clock.advance(1);
    for (let look = 0; look < 4; look++) await readFile(import.meta.filename);
  }
}
