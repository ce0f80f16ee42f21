import { readFileSync } from 'node:fs';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { isolationCases } from '../state/isolation-cases.ts';
import { stateSubject } from '../state/isolation-subject.ts';
import { answers, docsRows } from '../state/isolation-table.ts';
import type { BenchTable } from './compare.ts';
import { halfFlushed, loadMvccApi, mvccApiSubject } from './peers/mvcc-api.ts';
import { leftOut, versioned } from './peers/peer.ts';

/** Not how fast the levels are, but what they prevent, beside the one other MVCC library in TypeScript. */
export async function run(): Promise<readonly BenchTable[]> {
  const columns = new Map<string, ReadonlyMap<string, string>>();
  for (const level of ['read_committed', 'repeatable_read', 'serializable'] as const) {
    columns.set(level, await answers(() => stateSubject(new MemoryVersionStore(), level), true));
  }
  const mvccApi = await loadMvccApi();
  if (mvccApi) {
    const answered = await answers(() => mvccApiSubject(mvccApi), false);
    columns.set(versioned('mvcc-api', 'mvcc-api'), answered);
    const docs = readFileSync(new URL('../../docs/transactions.md', import.meta.url), 'utf8');
    const missing = docsRows(answered).filter((row) => !docs.includes(row));
    if (missing.length > 0) throw new Error(`docs/transactions.md has not:\n${missing.join('\n')}`);
  }
  const rows = isolationCases.map(({ name, sequence }) => ({
    case: name,
    ...Object.fromEntries([...columns].map(([who, answered]) => [who, answered.get(name)!])),
    sequence,
  }));
  const title = 'which anomalies are prevented: two aggregates at 10 and 20, after Hermitage';
  const flush = mvccApi && {
    title: 'stored after a commit of {1: 11, 2: 21} whose second write failed in the storage',
    rows: [{ contender: versioned('mvcc-api', 'mvcc-api'), stored: JSON.stringify(await halfFlushed(mvccApi)) }],
  };
  return [{ title, rows }, ...(flush ? [flush] : []), ...leftOut()];
}
