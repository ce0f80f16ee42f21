import { checkObject } from '../../core/check-argument.ts';
import { InvalidArgumentError, isMigrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { gate } from '../gate.ts';
import type { MigrationStage } from '../stage.ts';
import { bakeWith, type StageOptions } from './stage-options.ts';

/** The part of an MVCC controller that the stage needs. */
export interface VersionedRecords<S> {
  readVersion(id: string): Promise<{ readonly version: number } | null>;
  writeVersion(id: string, state: S, expectedVersion: number): Promise<unknown>;
}

/** What reconciling found and settled. */
export interface ReconciledConflicts {
  readonly conflicts: number;
  /** How many of them were settled without a person. */
  readonly resolved: number;
}

/** The parts of {@link versioningStage}. */
export interface VersioningStageOptions<S> extends StageOptions {
  /** Every record of the legacy system as it is now. */
  readonly records: (signal: AbortSignal) => AsyncIterable<{ readonly id: string; readonly state: S }>;
  readonly versions: VersionedRecords<S>;
  /** Merges what differs between the replicas. Must be idempotent. Default: nothing is reconciled. */
  readonly reconcile?: (signal: AbortSignal) => Promise<ReconciledConflicts>;
  /** The largest share of conflicts that may be left to people, in percent 0-100. Default 20. */
  readonly maxLeftToPeoplePercent?: number;
  /** Undoes the stage. Default: the versions stay, unused. */
  readonly discard?: (signal: AbortSignal) => Promise<void>;
}

/**
 * Stage 3: every record has a version, and what differs between the replicas is merged.
 *
 * A record that has a version already is left as it is, so a write that came in meanwhile is never taken back.
 *
 * @throws {@link InvalidArgumentError} if the percentage is not from 0 to 100.
 */
export function versioningStage<S = JsonObject>(options: VersioningStageOptions<S>): MigrationStage {
  checkObject(options);
  const {
    name = 'versioning',
    gates,
    bake,
    records,
    versions,
    reconcile,
    discard,
    maxLeftToPeoplePercent = 20,
  } = options;
  if (!(maxLeftToPeoplePercent >= 0 && maxLeftToPeoplePercent <= 100)) {
    throw new InvalidArgumentError('maxLeftToPeoplePercent', 'a percentage from 0 to 100', maxLeftToPeoplePercent);
  }
  let found: ReconciledConflicts | null = null;
  const leftToPeople = gate.atMost('conflicts left to people, percent', maxLeftToPeoplePercent, () => {
    if (!found) return null;
    const { conflicts, resolved } = found;
    return { value: conflicts === 0 ? 0 : (100 * (conflicts - resolved)) / conflicts, samples: conflicts };
  });
  const watched = reconcile ? bakeWith([leftToPeople], bake) : bake;
  return {
    name,
    ...(gates && { gates }),
    ...(watched && { bake: watched }),
    async run({ step }) {
      await step('give every record a version', (signal) => loadVersions(records(signal), versions));
      if (reconcile) found = await step('reconcile', reconcile);
    },
    async rollback({ step }) {
      if (discard) await step('discard', discard);
    },
  };
}

async function loadVersions<S>(records: AsyncIterable<{ id: string; state: S }>, versions: VersionedRecords<S>) {
  const counts = { records: 0, written: 0 };
  for await (const { id, state } of records) {
    counts.records += 1;
    if (await versions.readVersion(id)) continue;
    try {
      await versions.writeVersion(id, state, 0);
      counts.written += 1;
    } catch (error) {
      if (!isMigrationError(error, 'CONCURRENCY_CONFLICT')) throw error; // otherwise somebody else just wrote it
    }
  }
  return counts;
}
