import type { Clock } from '../core/clock.ts';
import { checkAggregateId, checkWhole } from './arguments.ts';
import type { CommitSignal } from './commit-signal.ts';
import { checkPrefix } from './transaction.ts';
import type { StoredVersion, VersionStore } from './version-store.ts';
import { type StateVersion, stateVersion } from './versioned-state.ts';

/** What is watched, and from where on. */
export interface WatchOptions {
  /** Only this aggregate. */
  readonly aggregateId?: string;
  /** Only aggregates whose ids begin so. Default: all. */
  readonly prefix?: string;
  /** Only commits after this sequence. Default: those after the iteration begins. */
  readonly after?: number;
  /** How often the store is asked for commits of other processes, in ms. Default 500. */
  readonly pollIntervalMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A version, and the commit that wrote it. */
export interface WatchedVersion<S> {
  readonly sequence: number;
  /**
   * Once you are done with this version: what to give as `after`, to go on from there. Of a commit with several versions, its
   * sequence comes with the last one; who stops before is given them all again, and misses none.
   */
  readonly after: number;
  readonly version: StateVersion<S>;
}

const pageSize = 100;

/** Versions in the order of their commits, for ever. */
export async function* watchVersions<S>(
  source: { store: () => Promise<VersionStore>; commits: CommitSignal; clock: Clock },
  options: WatchOptions,
): AsyncGenerator<WatchedVersion<S>, void, void> {
  const { aggregateId, signal } = options;
  const prefix = aggregateId === undefined ? checkPrefix(options.prefix ?? '') : checkAggregateId(aggregateId);
  const pollIntervalMs = checkWhole(options.pollIntervalMs ?? 500, 1, 'options.pollIntervalMs');
  let after = options.after === undefined ? undefined : checkWhole(options.after, 0, 'options.after');
  for (;;) {
    signal?.throwIfAborted();
    const { count } = source.commits;
    const store = await source.store();
    const last = await store.lastSequence();
    after ??= last;
    while (after < last) {
      const page: readonly StoredVersion[] = await store.changes({ after, prefix, limit: pageSize });
      const wanted = aggregateId === undefined ? page : page.filter((stored) => stored.aggregateId === aggregateId);
      for (const [index, stored] of wanted.entries()) {
        signal?.throwIfAborted();
        const { sequence } = stored;
        if (wanted[index + 1]?.sequence !== sequence) after = sequence;
        yield { sequence, after, version: stateVersion(stored) };
      }
      // None left: then there is nothing of interest up to the last commit.
      after = page.at(-1)?.sequence ?? last;
    }
    await source.commits.wait(count, pollIntervalMs, { clock: source.clock, signal });
  }
}
