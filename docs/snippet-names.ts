// The names that the snippets of several pages lean on, and no page introduces: see scripts/check-snippets.ts.

declare global {
  const adapter: import('@zyflow/migration').EventAdapter;
  const store: import('@zyflow/migration').EventStore;
  const bus: import('@zyflow/migration').EventBus;
  const pool: import('pg').Pool;
  const db: import('@zyflow/migration/sqlite').SqliteDatabase;
  const signal: AbortSignal;
  const describe: (name: string, define: () => void) => void;
  const it: (name: string, run: () => Promise<void>) => void;
  const connection: unknown;
  const anotherConnection: unknown;
}

export {};
