export { DatabaseCacheProvider, type DatabaseCacheProviderOptions } from './database-cache-provider.ts';
export type { PgHearingClient, PgHearingDatabase, PgNotification } from './hear-notifications.ts';
export type { PgHearing } from './pg-hearing.ts';
export type { EventHorizon } from './pg-horizon-publisher.ts';
export type { PgDatabase, PgPool, PgPoolClient, PgQueryable, PgResult, PgTransactional } from './pg-queryable.ts';
export { PostgreSQLEventAdapter, type PostgreSQLEventAdapterOptions } from './postgresql-event-adapter.ts';
export {
  PostgreSQLEventTransport,
  type PostgreSQLEventTransportOptions,
} from './postgresql-event-transport.ts';
export { PostgreSQLKeyStore, type PostgreSQLKeyStoreOptions } from './postgresql-key-store.ts';
export { PostgreSQLLockManager, type PostgreSQLLockManagerOptions } from './postgresql-lock-manager.ts';
export {
  type PostgresParticipantOptions,
  PreparedTransactionsDisabledError,
  postgresParticipant,
} from './postgresql-participant.ts';
export { PostgreSQLVersionStore, type PostgreSQLVersionStoreOptions } from './postgresql-version-store.ts';
export type { PgConnect } from './reconnecting-hearer.ts';
