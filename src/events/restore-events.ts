import { createHash } from 'node:crypto';
import { checkMethods } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import {
  type BackupCounts,
  type BackupEnd,
  type BackupHeader,
  type BackupRecord,
  parseBackupLine,
} from './backup-record.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { beginEpoch } from './epochs.ts';
import { BackupDamagedError } from './errors.ts';
import type { Checkpoint, EventAdapter, StoredEvent } from './event-adapter.ts';
import { digestOf, eventsBehind, importPage, pageSize } from './imported-page.ts';

/** A backup, in pieces of any length: lines, or the chunks of a file. */
export type BackupText = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** How a backup is restored. */
export interface RestoreOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A store under this checkpoint is not restored yet; it names the backup, and the position that was reached. */
const marker = ownCheckpoint('restore');

/**
 * Reads a whole backup, and tells how much is in it. Nothing is written.
 *
 * @throws {@link BackupDamagedError} if a line was changed, moved, added or is missing.
 */
export async function verifyBackup(backup: BackupText, options: RestoreOptions = {}): Promise<BackupCounts> {
  for await (const record of recordsOf(backup, options.signal)) {
    if ('end' in record) return countsOf(record.end);
  }
  throw new BackupDamagedError({ line: 0, detail: 'it is empty' });
}

/**
 * Brings a backup into an empty store: events with their versions and positions, truncated and deleted streams,
 * checkpoints. It is another life of the store: checkpoints kept elsewhere that are ahead of the backup are refused.
 *
 * Killed at any moment, run it again with the same backup: it goes on where it stopped. Until it is through, the store has a
 * checkpoint `$restore`, and is no copy of the one that was backed up. Run {@link verifyBackup} first where that matters.
 *
 * @throws {@link InvalidArgumentError} if the store is not empty, nothing was written; or if somebody else has written
 *   to it meanwhile.
 * @throws {@link BackupDamagedError} if a line was changed, moved, added or is missing; those before it are stored.
 */
export async function restoreEvents(
  adapter: EventAdapter,
  backup: BackupText,
  options: RestoreOptions = {},
): Promise<BackupCounts> {
  checkMethods(adapter, 'adapter', 'an EventAdapter', 'init', 'readAll');
  const { signal } = options;
  await adapter.init();
  let batch: StoredEvent[] = [];
  const versions = new Map<string, number>();
  let reached: Checkpoint = { position: 0, state: '' };
  const flush = async () => {
    const last = batch.at(-1);
    if (!last) return;
    // Killed before that was written down, it has this batch already.
    const held = await eventsBehind(adapter, reached.position, { signal });
    if (held.length === 0) await importPage(adapter, batch);
    else if (digestOf(held) !== digestOf(batch)) {
      throw new InvalidArgumentError(
        'adapter',
        'a store that nobody else writes to: begin anew in an empty one',
        adapter,
      );
    }
    reached = { ...reached, position: last.position };
    // Not to be told by what is there: the streams that come last remove some of it.
    await adapter.saveCheckpoint(marker, reached);
    batch = [];
    versions.clear();
  };
  for await (const record of recordsOf(backup, signal)) {
    if ('header' in record) reached = await begin(adapter, record.header);
    else if ('event' in record) {
      const { stream, version, position } = record.event;
      if (position <= reached.position) continue;
      // Truncated while the backup was made: what is before the gap must be there for the stream to begin anew.
      if (version !== (versions.get(stream) ?? version - 1) + 1) await flush();
      batch.push(record.event);
      versions.set(stream, version);
      if (batch.length >= pageSize) await flush();
    } else {
      await flush();
      if ('stream' in record) await adapter.importStreams([record.stream]);
      else if ('checkpoint' in record) await adapter.saveCheckpoint(record.checkpoint.name, record.checkpoint);
      else {
        await beginEpoch(adapter);
        await adapter.deleteCheckpoint(marker);
        return countsOf(record.end);
      }
    }
  }
  throw new BackupDamagedError({ line: 0, detail: 'it is empty' });
}

/** Which backup this is, and up to which position it is restored already. */
async function begin(adapter: EventAdapter, header: BackupHeader): Promise<Checkpoint> {
  const state = JSON.stringify(header);
  const begun = await adapter.loadCheckpoint(marker);
  if (begun?.state === state) return { position: begun.position, state };
  const isEmpty = (await adapter.listStreams({ limit: 1 })).length === 0 && !begun;
  if (!isEmpty)
    throw new InvalidArgumentError('adapter', 'an empty store, or one that this backup was begun in', adapter);
  await adapter.saveCheckpoint(marker, { position: 0, state }, { expectedRevision: 0 });
  return { position: 0, state };
}

/** The records of a backup, each checked; the last one once all of them are proved to be there as they were written. */
async function* recordsOf(backup: BackupText, signal: AbortSignal | undefined): AsyncGenerator<BackupRecord, void> {
  if (
    typeof Object(backup)[Symbol.asyncIterator] !== 'function' &&
    typeof Object(backup)[Symbol.iterator] !== 'function'
  )
    throw new InvalidArgumentError('backup', 'pieces of text to iterate over', backup);
  const sha256 = createHash('sha256');
  const counts = { events: 0, streams: 0, checkpoints: 0 };
  let line = 0;
  let end: BackupRecord | undefined;
  for await (const text of linesOf(backup)) {
    signal?.throwIfAborted();
    line++;
    const damaged = (detail: string) => new BackupDamagedError({ line, detail });
    if (end) throw damaged('there is more behind the end');
    const record = parseBackupLine(text);
    if (!record) throw damaged('it is no line of a backup');
    if ('header' in record !== (line === 1)) throw damaged('a backup begins with one header');
    if ('end' in record) {
      const { sha256: written, ...said } = record.end;
      if (written !== sha256.digest('hex') || JSON.stringify(said) !== JSON.stringify(counts)) {
        throw damaged('what is before the end is not what was written');
      }
      end = record;
      continue;
    }
    sha256.update(`${text}\n`);
    if ('event' in record) counts.events++;
    else if ('stream' in record) counts.streams++;
    else if ('checkpoint' in record) counts.checkpoints++;
    yield record;
  }
  if (!end) throw new BackupDamagedError({ line, detail: 'its end is missing' });
  yield end;
}

async function* linesOf(backup: BackupText): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: false });
  let rest = '';
  for await (const chunk of backup) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

const countsOf = ({ events, streams, checkpoints }: BackupEnd): BackupCounts => ({ events, streams, checkpoints });
