import { randomUUID } from 'node:crypto';
import type { LockManager } from '../state/lock-manager.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';
import type { DefineLockCase } from './lock-manager/case.ts';
import { deadlockCases } from './lock-manager/deadlock-cases.ts';
import { lockCases } from './lock-manager/lock-cases.ts';
import { waitingCases } from './lock-manager/waiting-cases.ts';

/** How the suite comes by the lock managers it tests. */
export interface LockManagerConformanceOptions {
  /** A lock manager. Others may use what it uses: ids are unique to a case. */
  create(): Promise<LockManager>;
  /**
   * Another one over the same locks, as another process would have it. To be left out where the locks live in the manager
   * itself.
   */
  reopen?(locks: LockManager): Promise<LockManager>;
  /** Resolves once so many calls wait for a lock. To be left out where a call waits as soon as it is made. */
  untilWaiting?(count: number): Promise<void>;
}

/** The contract of {@link LockManager}, as tests for any runner. */
export function lockManagerConformance(runner: ConformanceRunner, options: LockManagerConformanceOptions): void {
  checkSuite(runner, options);
  const { create, reopen, untilWaiting = () => new Promise<void>((resolve) => setImmediate(resolve)) } = options;
  const define: DefineLockCase = (title, run) =>
    runner.it(title, async () => {
      const locks = await create();
      const other = reopen ? await reopen(locks) : locks;
      const suffix = randomUUID();
      await run({ locks, other, untilWaiting, id: (what) => `${what}-${suffix}` });
    });
  const groups: [string, (define: DefineLockCase) => void][] = [
    ['locks', lockCases],
    ['waiting for locks', waitingCases],
    ['deadlocks', deadlockCases],
  ];
  for (const [title, cases] of groups) runner.describe(title, () => cases(define));
}
