import type pg from 'pg';
import { type Contender, data, times, type } from '../events/contender.ts';
import { loadPeer, versioned } from './peer.ts';

/** The part of Emmett's event stores that is used here and by its foreign adapter. */
export interface EmmettStore {
  appendToStream(
    stream: string,
    events: readonly { type: string; data: unknown; metadata?: unknown }[],
    options?: { expectedStreamVersion?: bigint | string },
  ): Promise<{ nextExpectedStreamVersion: bigint; lastEventGlobalPosition?: bigint }>;
  readStream(
    stream: string,
    options?: { from?: bigint; to?: bigint },
  ): Promise<{ currentStreamVersion: bigint; events: readonly EmmettEvent[] }>;
  aggregateStream(
    stream: string,
    options: { initialState: () => number; evolve: (state: number) => number },
  ): Promise<{ state: number }>;
  close?(): Promise<void>;
}

export interface EmmettPostgresStore extends Required<EmmettStore> {
  readonly schema: { migrate(): Promise<unknown> };
}

export interface EmmettEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: { readonly streamName: string; readonly streamPosition: bigint; readonly globalPosition: bigint };
}

export interface EmmettCore {
  getInMemoryEventStore(): EmmettStore;
  isExpectedVersionConflictError(error: unknown): error is { current?: string };
}

export interface EmmettPostgres {
  getPostgreSQLEventStore(
    connectionString: string,
    options?: { connectionOptions: { pool: pg.Pool } },
  ): EmmettPostgresStore;
  readMessagesBatch(
    execute: unknown,
    options: { after: bigint; batchSize: number },
  ): Promise<{ messages: readonly EmmettEvent[] }>;
  readLastMessageGlobalPosition(execute: unknown): Promise<{ currentGlobalPosition: bigint | null }>;
}

interface EmmettSqlite {
  getSQLiteEventStore(options: { fileName: string }): EmmettStore;
}

export const loadEmmett = () => loadPeer<EmmettCore>('@event-driven-io/emmett');
export const loadEmmettPostgres = () => loadPeer<EmmettPostgres>('@event-driven-io/emmett-postgresql');

export async function emmettInMemory(): Promise<Contender | undefined> {
  const emmett = await loadEmmett();
  return emmett && contender(versioned('Emmett', '@event-driven-io/emmett'), emmett.getInMemoryEventStore());
}

export async function emmettOnPostgres(connectionString: string, pool: pg.Pool): Promise<Contender | undefined> {
  const emmett = await loadEmmettPostgres();
  if (!emmett) return undefined;
  const store = emmett.getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } });
  return contender(versioned('Emmett', '@event-driven-io/emmett-postgresql'), store);
}

export async function emmettOnSqlite(fileName: string): Promise<Contender | undefined> {
  const sqlite = await loadPeer<object>('sqlite3');
  const emmett = sqlite && (await loadPeer<EmmettSqlite>('@event-driven-io/emmett-sqlite'));
  if (!emmett) return undefined;
  const name = versioned('Emmett', '@event-driven-io/emmett-sqlite');
  const { append, ...rest } = contender(name, emmett.getSQLiteEventStore({ fileName }));
  return { ...rest, append: (...args) => append(...args).catch((error) => againIfBusy(error, () => append(...args))) };
}

/** One append in a thousand or so fails as `INSERT … RETURNING` is still in progress when it commits. */
function againIfBusy(error: { code?: string }, again: () => Promise<unknown>) {
  if (error.code !== 'SQLITE_BUSY') throw error;
  return again();
}

function contender(name: string, store: EmmettStore): Contender {
  return {
    name,
    append: (stream, version, count) =>
      store.appendToStream(
        stream,
        times(count, () => ({ type, data })),
        { expectedStreamVersion: BigInt(version) },
      ),
    fold: async (stream) =>
      (await store.aggregateStream(stream, { initialState: () => 0, evolve: (count) => count + 1 })).state,
    close: async () => store.close?.(),
  };
}
