import { randomUUID } from 'node:crypto';
import type { EventAdapter } from '../events/event-adapter.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';
import { appendCases } from './event-adapter/append-cases.ts';
import { appendCheckpointCases } from './event-adapter/append-checkpoint-cases.ts';
import type { DefineCase } from './event-adapter/case.ts';
import { checkpointCases } from './event-adapter/checkpoint-cases.ts';
import { conditionCases } from './event-adapter/condition-cases.ts';
import { conditionRaceCases } from './event-adapter/condition-race-cases.ts';
import { deletionCases } from './event-adapter/deletion-cases.ts';
import { expectedVersionCases } from './event-adapter/expected-version-cases.ts';
import { idempotenceCases } from './event-adapter/idempotence-cases.ts';
import { importCases } from './event-adapter/import-cases.ts';
import { lifecycleCases } from './event-adapter/lifecycle-cases.ts';
import { listenCases } from './event-adapter/listen-cases.ts';
import { pageCases } from './event-adapter/page-cases.ts';
import { queryCases } from './event-adapter/query-cases.ts';
import { raceCases } from './event-adapter/race-cases.ts';
import { readCases } from './event-adapter/read-cases.ts';
import { refusalOrderCases } from './event-adapter/refusal-order-cases.ts';
import { savedTogetherCases } from './event-adapter/saved-together-cases.ts';
import { sizeCases } from './event-adapter/size-cases.ts';
import { snapshotCases } from './event-adapter/snapshot-cases.ts';
import { streamListCases } from './event-adapter/stream-list-cases.ts';
import { syncAppendCases } from './event-adapter/sync-append-cases.ts';
import { truncationCases } from './event-adapter/truncation-cases.ts';
import { withinCases } from './event-adapter/within-cases.ts';

/** How the suite comes by the adapters it tests. */
export interface EventAdapterConformanceOptions {
  /** A new adapter, not initialized. Its storage may hold the events of earlier cases: names are unique to a case. */
  create(): Promise<EventAdapter>;
  /**
   * Another adapter over the storage of this one, as another process would have it, on a connection of its own where
   * that is possible. To be left out where the events live in the adapter itself.
   */
  reopen?(adapter: EventAdapter): Promise<EventAdapter>;
  /** Whether `listen`, where the adapters have it, is to be called as they are made here. Default true. */
  readonly listens?: boolean;
}

/**
 * The contract of {@link EventAdapter}, as tests for any runner. Each title names the promise it checks (ES1 …).
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * eventAdapterConformance({ describe, it }, { create: async () => new MyEventAdapter(connection) });
 * ```
 */
export function eventAdapterConformance(runner: ConformanceRunner, options: EventAdapterConformanceOptions): void {
  checkSuite(runner, options);
  const define: DefineCase = (title, run) =>
    runner.it(title, async () => {
      const adapter = await options.create();
      await adapter.init();
      const other = options.reopen ? await options.reopen(adapter) : adapter;
      await other.init();
      const suffix = randomUUID();
      try {
        await run({ adapter, other, name: (what) => `${what}-${suffix}` });
      } finally {
        await other.close();
        if (other !== adapter) await adapter.close();
      }
    });
  for (const [title, cases] of groups) {
    if (options.listens !== false || cases !== listenCases) runner.describe(title, () => cases(define));
  }
}

const groups: readonly (readonly [title: string, cases: (define: DefineCase) => void])[] = [
  ['append', appendCases],
  ['sizes', sizeCases],
  ['expected version', expectedVersionCases],
  ['idempotence', idempotenceCases],
  ['order of refusals', refusalOrderCases],
  ['races', raceCases],
  ['reading', readCases],
  ['pages', pageCases],
  ['tags and queries', queryCases],
  ['conditions', conditionCases],
  ['races on conditions', conditionRaceCases],
  ['truncation', truncationCases],
  ['deletion', deletionCases],
  ['list of streams', streamListCases],
  ['import', importCases],
  ['snapshots', snapshotCases],
  ['checkpoints', checkpointCases],
  ['checkpoints of an append', appendCheckpointCases],
  ['checkpoints saved together', savedTogetherCases],
  ['work in the transaction', withinCases],
  ['appending at once', syncAppendCases],
  ['listening', listenCases],
  ['opening and closing', lifecycleCases],
];
