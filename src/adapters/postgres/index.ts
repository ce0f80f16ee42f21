export { DatabaseCacheProvider, type DatabaseCacheProviderOptions } from './database-cache-provider.ts';
export type { PgListener, PgListening, PgNotificationClient } from './pg-event-listener.ts';
export type { EventHorizon } from './pg-horizon-publisher.ts';
export type { PgDatabase, PgPool, PgQueryable, PgResult, PgTransactional } from './pg-queryable.ts';
export { PostgreSQLEventAdapter, type PostgreSQLEventAdapterOptions } from './postgresql-event-adapter.ts';
export { PostgreSQLVersionStore, type PostgreSQLVersionStoreOptions } from './postgresql-version-store.ts';
