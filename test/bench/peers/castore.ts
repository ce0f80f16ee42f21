import { type Contender, data, times, type } from '../events/contender.ts';
import { loadPeer, versioned } from './peer.ts';

export interface CastoreEvent {
  readonly aggregateId: string;
  readonly version: number;
  readonly type: string;
  readonly payload: unknown;
}

/** The part of Castore's storage adapters that is used here and by its foreign adapter. */
export interface CastoreAdapter {
  pushEvent(event: CastoreEvent, options: { eventStoreId: string }): Promise<unknown>;
  pushEventGroup(options: object, ...events: readonly GroupedEvent[]): Promise<unknown>;
  groupEvent(event: CastoreEvent): GroupedEvent;
  getEvents(
    aggregateId: string,
    context: { eventStoreId: string },
    options?: { minVersion?: number; maxVersion?: number; limit?: number; reverse?: boolean },
  ): Promise<{ events: readonly CastoreEvent[] }>;
  listAggregateIds(
    context: { eventStoreId: string },
    options?: { limit?: number; pageToken?: string },
  ): Promise<{ aggregateIds: readonly { aggregateId: string }[]; nextPageToken?: string }>;
}

interface GroupedEvent {
  context?: { eventStoreId: string };
}

interface CastoreInMemory {
  InMemoryEventStorageAdapter: new () => CastoreAdapter;
}

interface CastorePostgres {
  PostgresEventStorageAdapter: (new (options: {
    connectionString: string;
  }) => CastoreAdapter & { _sql: { end(): Promise<void> } }) & {
    createEventTable(options: {
      connectionString: string;
      aggregateId: { type: 'VARCHAR'; length: number };
    }): Promise<unknown>;
  };
}

export const castoreContext = { eventStoreId: 'bench' };

export async function castoreAdapter(): Promise<CastoreAdapter | undefined> {
  const castore = await loadPeer<CastoreInMemory>('@castore/event-storage-adapter-in-memory');
  return castore && new castore.InMemoryEventStorageAdapter();
}

/** Events go in one by one, or as a group, which is one transaction. */
export function pushEvents(adapter: CastoreAdapter, events: readonly CastoreEvent[]): Promise<unknown> {
  if (events.length === 1) return adapter.pushEvent(events[0]!, castoreContext);
  const grouped = events.map((event) => Object.assign(adapter.groupEvent(event), { context: castoreContext }));
  return adapter.pushEventGroup({}, ...grouped);
}

export async function castoreInMemory(): Promise<Contender | undefined> {
  const adapter = await castoreAdapter();
  return adapter && contender(versioned('Castore', '@castore/core'), adapter);
}

/** Its pool has ten connections, which can't be changed. */
export async function castoreOnPostgres(connectionString: string): Promise<Contender | undefined> {
  const castore = await loadPeer<CastorePostgres>('@castore/event-storage-adapter-postgres');
  if (!castore) return undefined;
  const { PostgresEventStorageAdapter } = castore;
  await PostgresEventStorageAdapter.createEventTable({
    connectionString,
    aggregateId: { type: 'VARCHAR', length: 255 },
  });
  const adapter = new PostgresEventStorageAdapter({ connectionString });
  const name = versioned('Castore', '@castore/event-storage-adapter-postgres');
  return { ...contender(name, adapter), close: () => adapter._sql.end() };
}

function contender(name: string, adapter: CastoreAdapter): Contender {
  return {
    name,
    append: (aggregateId, version, count) =>
      pushEvents(
        adapter,
        times(count, (n) => ({ aggregateId, version: version + n + 1, type, payload: data })),
      ),
    fold: async (aggregateId) => {
      const { events } = await adapter.getEvents(aggregateId, castoreContext);
      return events.reduce((count) => count + 1, 0);
    },
  };
}
