import type { EventQuery } from '../../core/event-query.ts';
import type { AppendCondition, EventBatch } from '../../events/event-adapter.ts';

/** More locks than this are one lock on the whole store instead: the server's table of locks is shared by all. */
const maxLocks = 256;

const wholeStore = 0;

/** What a group of appends locks until it is committed, in the order in which all of them do. */
export interface LockKeys {
  readonly keys: readonly number[];
  /** Whether others may hold the lock of the same index too. */
  readonly shared: readonly boolean[];
}

/**
 * The locks of appends: a stream for itself, so that its versions have no gap; types and tags together with others that
 * append such events, but not with those that append on the condition that there are none.
 */
export function lockKeys(batches: readonly EventBatch[], condition?: AppendCondition): LockKeys {
  const shared = new Map<number, boolean>([[wholeStore, true]]);
  const exclusively = (key: number) => shared.set(key, false);
  const together = (key: number) => shared.has(key) || shared.set(key, true);
  for (const { stream, events } of batches) {
    exclusively(streamKey(stream));
    for (const { type, tags } of events) {
      together(typeKey(type));
      for (const tag of tags) together(keyOf('tag', tag));
    }
  }
  if (condition) for (const key of conditionKeys(condition.failIfEventsMatch)) exclusively(key);
  if (shared.size > maxLocks) return { keys: [wholeStore], shared: [false] };
  const keys = [...shared.keys()].sort((a, b) => a - b);
  return { keys, shared: keys.map((key) => shared.get(key)!) };
}

/** The lock of one stream. */
export function streamKey(stream: string): number {
  return keyOf('stream', stream);
}

/** The lock of the events of one type. */
export function typeKey(type: string): number {
  return keyOf('type', type);
}

/** Every event that matches has one of these; of an item's tags one is enough, for all of them must be there. */
function conditionKeys(query: EventQuery): number[] {
  return query.flatMap(({ types, tags }) => {
    if (tags) return [keyOf('tag', tags[0]!)];
    return types ? types.map(typeKey) : [wholeStore];
  });
}

/** FNV-1a, 31 bits of it, never that of the whole store. Names that share a key only wait for each other. */
function keyOf(kind: 'stream' | 'type' | 'tag', name: string): number {
  let hash = kind === 'stream' ? 0x811c9dc5 : kind === 'type' ? 0x01000193 : 0x050c5d1f;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash >>> 1 || 1;
}
