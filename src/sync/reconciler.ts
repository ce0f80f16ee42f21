import type { Conflict } from '../conflicts/conflict.ts';
import type { ConflictDetector } from '../conflicts/conflict-detector.ts';
import { type ConflictResolution, ManualResolutionRequired } from '../conflicts/conflict-resolution.ts';
import type { ConflictResolver } from '../conflicts/conflict-resolver.ts';
import type { RecoveryManager } from '../resilience/recovery-manager.ts';
import { aboutSubject, decideRecord, mergeRecord, type RecordVersions, type StateMerger } from './state-merger.ts';

/** What two versions of a state have come to. */
export interface Reconciliation<T> {
  /** Every change that can stand, and every decision; what is still open stands as in the base. Shares parts with the versions. */
  readonly state: T;
  /** What a person must decide: apply it to `state` with `applyResolutions`. */
  readonly conflicts: readonly Conflict[];
  /** The decisions in `state`: each says who took it, why, and what it dropped. */
  readonly resolutions: readonly ConflictResolution[];
}

/** What a {@link Reconciler} works with. */
export interface ReconcilerParts {
  readonly detector: ConflictDetector | undefined;
  readonly resolver: ConflictResolver;
  readonly recovery: Pick<RecoveryManager, 'run'>;
}

/** Merges versions, names their conflicts, and lets a resolver decide them. */
export class Reconciler {
  readonly #parts: ReconcilerParts;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Merges versions of a record, each of which may be absent. */
  async reconcile<S>(
    id: string,
    versions: RecordVersions<S>,
    merger: StateMerger<S>,
    signal?: AbortSignal,
  ): Promise<Reconciliation<S | undefined>> {
    const merged = mergeRecord(id, versions, merger);
    const detected = await this.#detect(versions, signal);
    const resolutions = await this.#resolve(merged.conflicts, signal);
    const decided = new Set(resolutions.map(({ conflict }) => conflict));
    const seen = new Set(merged.conflicts.map(({ path }) => path));
    const conflicts = [
      ...merged.conflicts.filter((conflict) => !decided.has(conflict)),
      ...detected.filter(({ path }) => !seen.has(path)),
    ];
    return Object.freeze({
      state: decideRecord(merged.state, resolutions, { merger, base: versions.base }),
      conflicts: Object.freeze(conflicts),
      resolutions: Object.freeze(resolutions),
    });
  }

  /** Every conflict there is between the versions, whoever may decide it. */
  async conflicts<S>(id: string, versions: RecordVersions<S>, merger: StateMerger<S>, signal?: AbortSignal) {
    const { conflicts } = mergeRecord(id, versions, merger);
    const seen = new Set(conflicts.map(({ path }) => path));
    const detected = await this.#detect(versions, signal);
    return [...conflicts, ...detected.filter(({ path }) => !seen.has(path))];
  }

  /** A detector compares three states: where one is absent, the merge alone is asked. */
  async #detect(versions: RecordVersions<unknown>, signal?: AbortSignal): Promise<readonly Conflict[]> {
    const { base, local, remote, subject } = versions;
    const { detector, recovery } = this.#parts;
    if (!detector || base === undefined || local === undefined || remote === undefined) return [];
    const detect = () => detector.detectConflicts(local, remote, base);
    const detected = await recovery.run('detecting conflicts', detect, { signal });
    return detected.map((conflict) => aboutSubject(conflict, subject));
  }

  async #resolve(conflicts: readonly Conflict[], signal?: AbortSignal): Promise<readonly ConflictResolution[]> {
    const resolve = () => this.#parts.resolver.resolve(conflicts);
    const answers = await this.#parts.recovery.run('resolving conflicts', resolve, { signal });
    return answers.filter((answer) => !(answer instanceof ManualResolutionRequired));
  }
}
