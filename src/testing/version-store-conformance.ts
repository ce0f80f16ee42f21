import { randomUUID } from 'node:crypto';
import type { VersionStore } from '../state/version-store.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';
import type { DefineCase } from './version-store/case.ts';
import { checkCases } from './version-store/check-cases.ts';
import { commitCases } from './version-store/commit-cases.ts';
import { deletionCases } from './version-store/deletion-cases.ts';
import { prepareCases, syncCases } from './version-store/prepare-cases.ts';
import { retentionCases } from './version-store/retention-cases.ts';
import { scanCases } from './version-store/scan-cases.ts';
import { versionCases } from './version-store/version-cases.ts';
import { withinCases } from './version-store/within-cases.ts';

/** How the suite comes by the stores it tests. */
export interface VersionStoreConformanceOptions {
  /** A new store, not initialized. Its storage may hold the versions of earlier cases: ids are unique to a case. */
  create(): Promise<VersionStore>;
  /**
   * Another store over the storage of this one, as another process would have it, on a connection of its own where that
   * is possible. To be left out where the versions live in the store itself.
   */
  reopen?(store: VersionStore): Promise<VersionStore>;
}

/**
 * The contract of {@link VersionStore}, as tests for any runner. Titles name the promise they check (MV1 …).
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * versionStoreConformance({ describe, it }, { create: async () => new MyVersionStore(connection) });
 * ```
 */
export function versionStoreConformance(runner: ConformanceRunner, options: VersionStoreConformanceOptions): void {
  checkSuite(runner, options);
  const define: DefineCase = (title, run) =>
    runner.it(title, async () => {
      const store = await options.create();
      await store.init();
      const other = options.reopen ? await options.reopen(store) : store;
      await other.init();
      const suffix = randomUUID();
      await run({ store, other, id: (what) => `${what}-${suffix}` });
    });
  const groups: [string, (define: DefineCase) => void][] = [
    ['versions', versionCases],
    ['deletions', deletionCases],
    ['commits', commitCases],
    ['commits that do something besides', withinCases],
    ['checks', checkCases],
    ['scans and changes', scanCases],
    ['synchronous commits', syncCases],
    ['retention and identity', retentionCases],
    ['two phases', prepareCases],
  ];
  for (const [title, cases] of groups) runner.describe(title, () => cases(define));
}
