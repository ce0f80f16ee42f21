import { InvalidArgumentError } from '../../core/errors.ts';
import type { EventQuery } from '../../core/event-query.ts';
import { type ExpectedVersion, meetsExpectedVersion } from '../../core/expected-version.ts';
import type {
  AppendCondition,
  AppendedBatch,
  AppendOutcome,
  DeleteOutcome,
  EventBatch,
  StoredEvent,
  StreamInfo,
} from '../../events/event-adapter.ts';
import { number } from './sqlite-database.ts';
import type { EventStatements } from './sqlite-event-statements.ts';

const unbounded = Number.MAX_SAFE_INTEGER;

/** What the tables hold, read and changed inside a transaction that somebody else begins and ends. */
export class SqliteEventLog {
  readonly #statements: EventStatements;

  constructor(statements: EventStatements) {
    this.#statements = statements;
  }

  /** Decides first and writes then, so that a refused append leaves nothing to undo. */
  append(batches: readonly EventBatch[], condition?: AppendCondition): AppendOutcome {
    const existing = this.#stored(batches);
    if (existing.length > 0) return { status: 'existing', events: existing };
    const versions: number[] = [];
    for (const { stream, expectedVersion } of batches) {
      const { version, deleted } = this.#standing(stream);
      if (deleted) return { status: 'deleted', stream };
      if (!meetsExpectedVersion(version, expectedVersion)) {
        return { status: 'conflict', stream, actualVersion: version };
      }
      versions.push(version);
    }
    if (condition) {
      const [position] = this.#positions(condition.failIfEventsMatch, condition.after, 1);
      if (position !== undefined) return { status: 'matched', position };
    }
    let position = number(this.#statements.lastGiven.get());
    const appended = batches.map(({ stream, events }, index): AppendedBatch => {
      let version = versions[index]!;
      for (const event of events) this.#insert({ ...event, stream, version: ++version, position: ++position });
      return { version, position };
    });
    return { status: 'appended', batches: appended };
  }

  /** The events that an append has just stored, in order of position. */
  appended(batches: readonly EventBatch[]): StoredEvent[] {
    return this.#stored(batches);
  }

  readAll(after: number, limit: number, query: EventQuery | undefined): StoredEvent[] {
    const { all, atPositions } = this.#statements;
    if (!query) return all.all(after, limit).map(toStored);
    return atPositions.all(JSON.stringify(this.#positions(query, after, limit))).map(toStored);
  }

  infoOf(stream: string): StreamInfo {
    const { version, first, deleted } = this.#standing(stream);
    return { stream, version, firstVersion: first, deleted };
  }

  truncate(stream: string, beforeVersion: number): void {
    const { version, first, deleted } = this.#standing(stream);
    if (version === 0 || beforeVersion <= first) return;
    this.#remove(stream, beforeVersion);
    this.#statements.saveStream.run(stream, version, Math.min(beforeVersion, version + 1), Number(deleted));
  }

  delete(stream: string, expectedVersion: ExpectedVersion): DeleteOutcome {
    const { version, deleted } = this.#standing(stream);
    if (!deleted && !meetsExpectedVersion(version, expectedVersion)) {
      return { status: 'conflict', actualVersion: version };
    }
    this.#remove(stream, unbounded);
    this.#statements.removeSnapshots.run(stream);
    this.#statements.saveStream.run(stream, version, version + 1, 1);
    return { status: 'deleted' };
  }

  /** @throws {@link InvalidArgumentError} at the first that does not fit; the transaction is to be rolled back. */
  import(events: readonly StoredEvent[]): void {
    let last = number(this.#statements.lastGiven.get());
    for (const event of events) {
      const { stream, version, position, id } = event;
      const standing = this.#standing(stream);
      const isNext = version === standing.version + 1 || (standing.version === 0 && version > 0);
      if (position <= last || !isNext || standing.deleted || this.#statements.byId.get(id)) {
        throw new InvalidArgumentError('events', 'events behind all there were, each once, without gaps', id);
      }
      if (version > 1 && standing.version === 0) this.#statements.saveStream.run(stream, version - 1, version, 0);
      this.#insert(event);
      last = position;
    }
  }

  importStream({ stream, version, firstVersion, deleted }: StreamInfo): void {
    const standing = this.#standing(stream);
    if (standing.version < version) {
      this.#remove(stream, unbounded);
      this.#statements.saveStream.run(stream, version, version + 1, Number(standing.deleted));
    }
    if (deleted) this.delete(stream, 'any');
    else this.truncate(stream, firstVersion);
  }

  #standing(stream: string): { version: number; first: number; deleted: boolean } {
    const { version, anyStream, stream: known } = this.#statements;
    const last = number(version.get(stream));
    // Streams are removed from rarely: mostly this table is empty, and there is nothing to look for.
    const row = number(anyStream.get()) ? (known.get(stream) as StreamRow | undefined) : undefined;
    if (!row) return { version: last, first: 1, deleted: false };
    return {
      version: Math.max(last, Number(row.version)),
      first: Number(row.first),
      deleted: Number(row.deleted) === 1,
    };
  }

  #stored(batches: readonly EventBatch[]): StoredEvent[] {
    const { byId } = this.#statements;
    const found: StoredEvent[] = [];
    for (const { events } of batches) {
      for (const { id } of events) {
        const row = byId.get(id);
        if (row) found.push(toStored(row));
      }
    }
    return found;
  }

  /** Ascending, at most `limit`. */
  #positions(query: EventQuery, after: number, limit: number): number[] {
    const { tagged, taggedOfTypes, ofTypes, ofAnyType } = this.#statements;
    const found = new Set<number>();
    for (const { types, tags } of query) {
      const named = types && JSON.stringify(types);
      const having = tags && [tags[0], after, JSON.stringify(tags), tags.length];
      const rows = having
        ? named
          ? taggedOfTypes.all(...having, named, limit)
          : tagged.all(...having, limit)
        : named
          ? ofTypes.all(after, named, limit)
          : ofAnyType.all(after, limit);
      for (const row of rows) found.add(number(row));
    }
    return [...found].sort((a, b) => a - b).slice(0, limit);
  }

  #insert(event: StoredEvent): void {
    const { position, stream, version, id, type, data, encoding, metadata, timestamp, tags } = event;
    const { insert, insertTag } = this.#statements;
    const tagsText = tags.length === 0 ? '[]' : JSON.stringify(tags);
    insert.run(position, stream, version, id, type, data, encoding, metadata, timestamp, tagsText);
    for (const tag of tags) insertTag.run(tag, position);
  }

  #remove(stream: string, beforeVersion: number): void {
    this.#statements.removeTags.run(stream, beforeVersion);
    this.#statements.removeEvents.run(stream, beforeVersion);
  }
}

type Int = number | bigint;

interface StreamRow {
  readonly version: Int;
  readonly first: Int;
  readonly deleted: Int;
}

export function toStored(row: unknown): StoredEvent {
  const event = row as Omit<StoredEvent, 'tags'> & { tags: string };
  return {
    id: event.id,
    stream: event.stream,
    version: Number(event.version),
    position: Number(event.position),
    type: event.type,
    data: event.data,
    encoding: event.encoding,
    metadata: event.metadata,
    timestamp: Number(event.timestamp),
    tags: event.tags === '[]' ? noTags : (JSON.parse(event.tags) as string[]),
  };
}

const noTags: readonly string[] = Object.freeze([]);
