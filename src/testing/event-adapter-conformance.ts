import { randomUUID } from 'node:crypto';
import type { EventAdapter } from '../events/event-adapter.ts';
import type { ConformanceRunner } from './conformance.ts';
import { appendCases } from './event-adapter/append-cases.ts';
import type { DefineCase } from './event-adapter/case.ts';
import { expectedVersionCases } from './event-adapter/expected-version-cases.ts';
import { idempotenceCases } from './event-adapter/idempotence-cases.ts';
import { keptStateCases } from './event-adapter/kept-state-cases.ts';
import { raceCases } from './event-adapter/race-cases.ts';
import { readCases } from './event-adapter/read-cases.ts';

/** How the suite comes by the adapters it tests. */
export interface EventAdapterConformanceOptions {
  /** A new adapter, not initialized. Its storage may hold the events of earlier cases: names are unique to a case. */
  create(): Promise<EventAdapter>;
  /**
   * Another adapter over the storage of this one, as another process would have it, on a connection of its own where
   * that is possible. To be left out where the events live in the adapter itself.
   */
  reopen?(adapter: EventAdapter): Promise<EventAdapter>;
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
  const groups: [string, (define: DefineCase) => void][] = [
    ['append', appendCases],
    ['expected version', expectedVersionCases],
    ['idempotence', idempotenceCases],
    ['races', raceCases],
    ['reading', readCases],
    ['snapshots, checkpoints and closing', keptStateCases],
  ];
  for (const [title, cases] of groups) runner.describe(title, () => cases(define));
}
