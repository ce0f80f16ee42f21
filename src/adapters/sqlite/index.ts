export type { SqliteDatabase, SqliteStatement } from './sqlite-database.ts';
export { SqliteEventAdapter, type SqliteEventAdapterOptions } from './sqlite-event-adapter.ts';
export { SqliteKeyStore, type SqliteKeyStoreOptions } from './sqlite-key-store.ts';
export { type SqliteColumn, SqliteTableReplica, type SqliteTableReplicaOptions } from './sqlite-table-replica.ts';
export { SqliteVersionStore, type SqliteVersionStoreOptions } from './sqlite-version-store.ts';
