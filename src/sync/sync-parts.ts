import { checkMethods } from '../core/check-argument.ts';
import { InvalidArgumentError, isMigrationError } from '../core/errors.ts';
import type { RetryPolicy } from '../resilience/retry-policy.ts';
import { MVCCController } from '../state/mvcc-controller.ts';
import type { Reconciler } from './reconciler.ts';
import { RecordSync } from './record-sync.ts';
import type { Replica } from './replica.ts';
import { jsonMerger, type StateMerger } from './state-merger.ts';
import type { SyncCoordinatorOptions } from './sync-coordinator-options.ts';
import { SyncEntries, type SyncSide } from './sync-journal.ts';

/** What two replicas are synced with. */
export interface SyncParts<S> {
  readonly replicas: Readonly<Record<SyncSide, Replica<S>>>;
  readonly entries: SyncEntries;
  readonly records: RecordSync<S>;
}

/**
 * The parts that the options name; nothing if they name no replica.
 *
 * @throws {@link InvalidArgumentError} for one replica alone, and for a part that is none.
 */
export function syncParts<S>(options: SyncCoordinatorOptions<S>, reconciler: Reconciler): SyncParts<S> | undefined {
  const { spec, runtime, name = 'sync', clock } = options;
  if (spec === undefined && runtime === undefined) return undefined;
  checkReplica(spec, 'options.spec');
  checkReplica(runtime, 'options.runtime');
  const { journal = new MVCCController({ ...(clock && { clock }), retention: { versions: 1 } }) } = options;
  checkMethods(journal, 'options.journal', 'a SyncJournal, such as an MVCCController', 'readVersion', 'writeVersion');
  const shared = {
    replicas: { spec, runtime },
    entries: new SyncEntries(journal, checkPairName(name, 'options.name')),
    reconciler,
  };
  const merger = options.merger ?? (jsonMerger as StateMerger<S>);
  checkMethods(merger, 'options.merger', 'a StateMerger', 'merge', 'apply');
  return { ...shared, records: new RecordSync<S>({ ...shared, merger }) };
}

/** How often what kind of failure is tried again. */
export const syncPolicies: readonly RetryPolicy[] = [
  // What a person decided is about another state: he must look again.
  { error: 'RESOLUTION_OUTDATED', maxAttempts: 1 },
  // Somebody else writes the same record: it comes to rest sooner than a storage recovers.
  {
    error: {
      matches: (error) => isMigrationError(error, 'RECORD_CHANGED') || isMigrationError(error, 'CONCURRENCY_CONFLICT'),
    },
    maxAttempts: 20,
    backoff: { initialMs: 2, maxMs: 200 },
  },
];

/** @throws {@link InvalidArgumentError} unless the value has the methods that every replica has. */
function checkReplica<S>(value: Replica<S> | undefined, what: string): asserts value is Replica<S> {
  checkMethods(value, what, 'a Replica', 'read', 'write', 'ids');
}

/** The name, if no id makes the entries of this pair those of another. */
function checkPairName(value: string, what: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes(':')) return value;
  throw new InvalidArgumentError(what, 'text that is not empty, without a colon', value);
}
