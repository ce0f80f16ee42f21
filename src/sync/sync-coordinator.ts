import { applyResolutions } from '../conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../conflicts/auto-conflict-resolver.ts';
import type { Conflict } from '../conflicts/conflict.ts';
import type { ConflictDetector } from '../conflicts/conflict-detector.ts';
import { type ConflictResolution, ManualResolutionRequired } from '../conflicts/conflict-resolution.ts';
import type { ConflictResolver } from '../conflicts/conflict-resolver.ts';
import { ThreeWayConflictDetector } from '../conflicts/three-way-conflict-detector.ts';
import { type ThreeWayMergeOptions, threeWayMerge } from '../conflicts/three-way-merge.ts';
import { abortable } from '../core/abort.ts';
import { ClosedError } from '../core/errors.ts';
import { RecoveryManager } from '../resilience/recovery-manager.ts';

/** The parts of a {@link SyncCoordinator}. */
export interface SyncCoordinatorOptions {
  /** Names conflicts that a merge can't see, such as two fields that must fit together. Default: only the merge's own. */
  readonly conflictDetector?: ConflictDetector;
  /** Decides what the merge leaves open. Default: by type, see {@link AutoConflictResolver}. */
  readonly conflictResolver?: ConflictResolver;
  /** Tries a detector or a resolver again that fails for a passing reason. */
  readonly recoveryManager?: Pick<RecoveryManager, 'run'>;
}

/** What two versions of a state have come to. */
export interface Reconciliation<T> {
  /** Every change that can stand, and every decision; what is still open stands as in the base. Shares parts with the versions. */
  readonly state: T;
  /** What a person must decide: apply it to `state` with `applyResolutions`. */
  readonly conflicts: readonly Conflict[];
  /** The decisions in `state`: each says who took it, why, and what it dropped. */
  readonly resolutions: readonly ConflictResolution[];
}

/** Brings two versions of a state together that come from one base, and settles what they disagree about. */
export class SyncCoordinator {
  readonly #detector: ConflictDetector;
  readonly #resolver: ConflictResolver;
  readonly #recovery: Pick<RecoveryManager, 'run'>;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: SyncCoordinatorOptions = {}) {
    this.#detector = options.conflictDetector ?? new ThreeWayConflictDetector();
    this.#resolver = options.conflictResolver ?? new AutoConflictResolver();
    this.#recovery = options.recoveryManager ?? new RecoveryManager();
  }

  /**
   * Merges the versions and decides their conflicts.
   *
   * No change is lost: each is in the state, in a resolution that says what it dropped, or in a conflict (CF5). A
   * conflict that only the detector sees is handed on as it is: the merge has let both changes stand.
   *
   * @throws {@link InvalidArgumentError} if a version is no JSON value.
   * @throws {@link RetriesExhaustedError} if the detector or the resolver kept failing.
   * @throws {@link ClosedError} after {@link SyncCoordinator.close}.
   */
  async reconcile<T>(
    options: ThreeWayMergeOptions<T> & { readonly signal?: AbortSignal | undefined },
  ): Promise<Reconciliation<T>> {
    const { signal: callers, ...versions } = options;
    const signal = callers ? AbortSignal.any([callers, this.#closing.signal]) : this.#closing.signal;
    signal.throwIfAborted();
    const work = this.#reconcile(versions, signal).finally(() => this.#running.delete(work));
    this.#running.add(work);
    return abortable(work, callers);
  }

  /** Gives up tries that wait, and resolves once nothing runs. */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError('The sync coordinator'));
    await Promise.allSettled(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #reconcile<T>(versions: ThreeWayMergeOptions<T>, signal: AbortSignal): Promise<Reconciliation<T>> {
    const { base, local, remote } = versions;
    const merged = threeWayMerge(versions);
    const detect = () => this.#detector.detectConflicts(local, remote, base);
    const detected = await this.#recovery.run('detecting conflicts', detect, { signal });
    const resolve = () => this.#resolver.resolve(merged.conflicts);
    const answers = await this.#recovery.run('resolving conflicts', resolve, { signal });
    const resolutions = answers.filter((answer) => !(answer instanceof ManualResolutionRequired));
    const decided = new Set(resolutions.map(({ conflict }) => conflict));
    const seen = new Set(merged.conflicts.map(({ path }) => path));
    const conflicts = [
      ...merged.conflicts.filter((conflict) => !decided.has(conflict)),
      ...detected.filter(({ path }) => !seen.has(path)),
    ];
    return Object.freeze({
      state: applyResolutions(merged.state, resolutions),
      conflicts: Object.freeze(conflicts),
      resolutions: Object.freeze(resolutions),
    });
  }
}
