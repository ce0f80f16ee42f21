import { InvalidArgumentError, isMigrationError } from '../core/errors.ts';
import type { RetryPolicy } from '../resilience/retry-policy.ts';
import { MVCCController } from '../state/mvcc-controller.ts';
import type { Reconciler } from './reconciler.ts';
import { RecordSync } from './record-sync.ts';
import type { Replica } from './replica.ts';
import { jsonMerger, type StateMerger } from './state-merger.ts';
import type { SyncCoordinatorOptions } from './sync-coordinator-options.ts';
import { SyncEntries, type SyncJournal, type SyncSide } from './sync-journal.ts';

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
  checkJournal(journal, 'options.journal');
  const shared = {
    replicas: { spec, runtime },
    entries: new SyncEntries(journal, checkPairName(name, 'options.name')),
    reconciler,
  };
  const merger = options.merger ?? (jsonMerger as StateMerger<S>);
  if (!hasMethods(merger, ['merge', 'apply']))
    throw new InvalidArgumentError('options.merger', 'a StateMerger', merger);
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
  if (!hasMethods(value, ['read', 'write', 'ids'])) throw new InvalidArgumentError(what, 'a Replica', value);
}

/** @throws {@link InvalidArgumentError} unless the value has the methods of a journal. */
function checkJournal(value: SyncJournal, what: string): void {
  if (hasMethods(value, ['readVersion', 'writeVersion'])) return;
  throw new InvalidArgumentError(what, 'a SyncJournal, such as an MVCCController', value);
}

/** The name, if no id makes the entries of this pair those of another. */
function checkPairName(value: string, what: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes(':')) return value;
  throw new InvalidArgumentError(what, 'text that is not empty, without a colon', value);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function');
}
