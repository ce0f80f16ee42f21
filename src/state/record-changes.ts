import { checkMethods, checkObject } from '../core/check-argument.ts';
import { StorageError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { ChangeEvent, ChangeLog, ChangeRecord } from './change-log.ts';
import type { CommitRequest, Committed, VersionStore } from './version-store.ts';

/** A version that is being committed. */
export interface StateChange<S = JsonValue> {
  readonly aggregateId: string;
  readonly version: number;
  /** Undefined where the aggregate is deleted. */
  readonly state: S | undefined;
  /** When, in ms since 1970. */
  readonly timestamp: number;
}

/** How changes are told in events. */
export interface RecordChangesOptions<S = JsonValue> {
  /** An `EventStore` on the database of the versions: on SQLite on the same connection. */
  readonly log: ChangeLog;
  /** Which stream tells of an aggregate. Default: the one of its id. */
  readonly stream?: (aggregateId: string) => string;
  /**
   * The events of a change, none for one that need not be told. May be called again for the same commit, and answers at once. Default:
   * `state.changed` with `{ version, state }`, or `state.deleted` with `{ version }`.
   */
  readonly toEvents?: (change: StateChange<S>) => readonly ChangeEvent[];
}

/**
 * A store of versions each of whose commits is told in events, in the same transaction: both are stored, or neither, also when the
 * process or the server is killed.
 *
 * It has no two-phase commit: a change that is decided elsewhere would go untold.
 *
 * @throws what the event store refuses, such as {@link DifferentDatabaseError}: by `commit`, which then writes nothing.
 */
export function recordChanges<S = JsonValue>(store: VersionStore, options: RecordChangesOptions<S>): VersionStore {
  checkMethods(store, 'store', 'a VersionStore', 'commit');
  checkObject(options);
  const { log, stream = (aggregateId) => aggregateId, toEvents = changeEvents } = options;
  checkMethods(log, 'options.log', 'an EventStore', 'appendWithin');
  const records = (request: CommitRequest, committed: Committed): ChangeRecord[] => {
    const byStream = new Map<string, ChangeEvent[]>();
    for (const [index, { aggregateId, state }] of request.writes.entries()) {
      const { versions, timestamp } = committed;
      const change = { aggregateId, version: versions[index]!, state: state as S | undefined, timestamp };
      const events = toEvents(change);
      const name = stream(aggregateId);
      if (events.length > 0) byStream.set(name, [...(byStream.get(name) ?? []), ...events]);
    }
    return [...byStream].map(([name, events]) => ({ stream: name, events }));
  };
  return {
    async init() {
      await store.init();
      await log.init();
    },
    async commit(request, { within } = {}) {
      await log.init();
      let isRecorded = false;
      const outcome = await store.commit(request, {
        within(committed, client) {
          isRecorded = true;
          const told = records(request, committed);
          const appended = told.length > 0 ? log.appendWithin(client, told) : undefined;
          if (!within) return appended;
          return isPromise(appended) ? appended.then(() => within(committed, client)) : within(committed, client);
        },
      });
      if (outcome.status !== 'committed') return outcome;
      if (!isRecorded) throw new StorageError('tell a change in events', 'its VersionStore must heed `within`');
      log.wake();
      return outcome;
    },
    lastSequence: () => store.lastSequence(),
    latestVersion: (aggregateId) => store.latestVersion(aggregateId),
    read: (aggregateId, at) => store.read(aggregateId, at),
    scan: (page) => store.scan(page),
    history: (aggregateId, page) => store.history(aggregateId, page),
    changes: (page) => store.changes(page),
    vacuum: (retention) => store.vacuum(retention),
    identity: () => store.identity(),
  };
}

/** What tells of a change by default. */
function changeEvents<S>({ version, state }: StateChange<S>): readonly ChangeEvent[] {
  if (state === undefined) return [{ type: 'state.deleted', data: { version } }];
  return [{ type: 'state.changed', data: { version, state: state as JsonValue } }];
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}
