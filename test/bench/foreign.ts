import pg from 'pg';
import { CastoreEventAdapter } from '../conformance/foreign/castore-event-adapter.ts';
import {
  EmmettInMemoryEventAdapter,
  type EmmettPool,
  EmmettPostgresEventAdapter,
} from '../conformance/foreign/emmett-event-adapter.ts';
import { type CaseResult, runCases, type Verdict } from '../conformance/foreign/run-cases.ts';
import { postgresUrl } from '../servers.ts';
import type { BenchTable } from './compare.ts';
import { inOwnDatabase } from './events/own-database.ts';
import { castoreAdapter } from './peers/castore.ts';
import { loadEmmett, loadEmmettPostgres } from './peers/emmett.ts';
import { leftOut, loadPeer, versioned } from './peers/peer.ts';

/** Neither Emmett nor Castore says that it looks at the ids of events. */
const notPromised = new Set(['idempotence', 'tags and queries']);

const verdicts: readonly Verdict[] = ['passed', 'failed', 'not supported'];

/** Not how fast other stores are, but what of our contract they keep. */
export async function run(): Promise<readonly BenchTable[]> {
  const results = { ...(await emmettInMemory()), ...(await emmettOnPostgres()), ...(await castoreInMemory()) };
  const tables = Object.entries(results).flatMap(([name, cases]) => tablesOf(name, cases));
  return [...tables, ...leftOut()];
}

type Results = Record<string, readonly CaseResult[]>;

async function emmettInMemory(): Promise<Results> {
  const emmett = await loadEmmett();
  if (!emmett) return {};
  const name = `${versioned('Emmett', '@event-driven-io/emmett')} in memory`;
  return { [name]: await runCases(async () => new EmmettInMemoryEventAdapter(emmett)) };
}

async function castoreInMemory(): Promise<Results> {
  if (!(await castoreAdapter())) return {};
  const create = async () => new CastoreEventAdapter((await castoreAdapter())!);
  return { [`${versioned('Castore', '@castore/core')} in memory`]: await runCases(create) };
}

interface Dumbo {
  dumbo(options: { connectionString: string; pool: pg.Pool }): EmmettPool & { close(): Promise<void> };
}

async function emmettOnPostgres(): Promise<Results> {
  const emmett = await loadEmmett();
  const postgres = await loadEmmettPostgres();
  const dumbo = await loadPeer<Dumbo>('@event-driven-io/dumbo');
  if (!emmett || !postgres || !dumbo || !postgresUrl) return {};
  const name = `${versioned('Emmett', '@event-driven-io/emmett-postgresql')} on PostgreSQL`;
  const cases = await inOwnDatabase(postgresUrl, async (connectionString) => {
    const pools = [1, 2].map(() => new pg.Pool({ connectionString, max: 16 }));
    const [one, two] = pools.map((pool) => ({
      store: postgres.getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } }),
      executor: dumbo.dumbo({ connectionString, pool }),
    }));
    const adapter = async ({ store, executor }: NonNullable<typeof one>) =>
      new EmmettPostgresEventAdapter(emmett, postgres, store, executor);
    try {
      return await runCases(
        () => adapter(one!),
        () => adapter(two!),
      );
    } finally {
      for (const { store, executor } of [one!, two!]) {
        await executor.close();
        await store.close();
      }
      for (const pool of pools) await pool.end();
    }
  });
  return { [name]: cases };
}

function tablesOf(name: string, cases: readonly CaseResult[]): BenchTable[] {
  const groups = [...new Set(cases.map(({ group }) => group)), 'all'];
  const rows = groups.map((group) => {
    const count = (verdict: Verdict) =>
      cases.filter((one) => (group === 'all' || one.group === group) && one.verdict === verdict).length;
    return { group, ...Object.fromEntries(verdicts.map((verdict) => [verdict, count(verdict)])) };
  });
  const failed = cases.filter(({ verdict, group }) => verdict === 'failed' && !notPromised.has(group));
  return [
    { title: `our conformance cases on ${name}`, rows },
    {
      title: `${name}: what failed of what it does promise`,
      rows: failed.map(({ group, title, reason = '' }) => ({ case: `${group}: ${title}`, reason })),
    },
  ];
}
