import { postgresUrl } from '../servers.ts';
import type { BenchOptions, BenchTable } from './compare.ts';
import { memory } from './events/memory.ts';
import { postgres } from './events/postgres.ts';
import { sqlite } from './events/sqlite.ts';
import { leftOut } from './peers/peer.ts';

/** Our event store and others, with the least that any of them could do. */
export async function run(options: BenchOptions): Promise<readonly BenchTable[]> {
  const results = [...(await memory(options)), ...(await sqlite(options))];
  if (postgresUrl) results.push(...(await postgres(postgresUrl, options)));
  return [...results, ...leftOut()];
}
