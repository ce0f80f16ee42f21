import { checkObject } from '../../core/check-argument.ts';
import { isMigrationError } from '../../core/errors.ts';
import { jsonEqual } from '../../core/json-value.ts';
import type { RecordedEvent } from '../../events/recorded-event.ts';
import { StageCheckFailedError } from '../errors.ts';
import type { JournalStore } from '../journal-store.ts';
import type { MigrationStage } from '../stage.ts';
import type { StageOptions } from './stage-options.ts';

/** The parts of {@link foundationStage}. */
export interface FoundationStageOptions extends StageOptions {
  /** The event store that the new system will rest on. */
  readonly eventStore: JournalStore;
  /** Creates what the new system needs: schemas, tables, caches. Must be idempotent. */
  readonly install?: (signal: AbortSignal) => Promise<void>;
  /** Removes it again on rollback, the migration's own journal apart. Default: it stays, unused. */
  readonly uninstall?: (signal: AbortSignal) => Promise<void>;
  /** The stream that proves the event store. Default `migration-probe`. */
  readonly probeStream?: string;
}

/**
 * Stage 1: the new system stands beside the old one, and nobody uses it yet.
 *
 * Installs it, then proves on a stream of its own that the event store gives back what it was given and refuses a stale
 * write. Add gates on health, on append speed, on the legacy system's latency.
 */
export function foundationStage(options: FoundationStageOptions): MigrationStage {
  checkObject(options);
  const { name = 'foundation', gates, bake, install, uninstall, eventStore, probeStream = 'migration-probe' } = options;
  return {
    name,
    ...(gates && { gates }),
    ...(bake && { bake }),
    async run({ step }) {
      if (install) await step('install', install);
      await step('prove the event store', () => probe(eventStore, probeStream));
    },
    async rollback({ step }) {
      if (uninstall) await step('uninstall', uninstall);
    },
  };
}

async function probe(store: JournalStore, stream: string): Promise<void> {
  const data = { text: '증거 \u0000', numbers: [0, -1.5, 2 ** 53], nested: { none: null } };
  const events = [1, 2].map((n) => ({ id: `${stream}-${n}`, type: 'migration.probe', data }));
  await store.append(stream, events, { expectedVersion: 'no_stream' });
  const found: RecordedEvent[] = [];
  for await (const event of store.read(stream)) found.push(event);
  const same =
    found.length === 2 && found.every((event, i) => event.id === events[i]!.id && jsonEqual(event.data, data));
  if (!same)
    throw new StageCheckFailedError(
      'the event store',
      `gave back ${found.length} events that differ from the 2 appended`,
    );
  try {
    await store.append(stream, [{ type: 'migration.probe', data: {} }], { expectedVersion: 1 });
  } catch (error) {
    if (isMigrationError(error, 'CONCURRENCY_CONFLICT')) return;
    throw error;
  }
  throw new StageCheckFailedError('the event store', 'took an append that expected a version it had passed');
}
