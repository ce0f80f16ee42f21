import { compareText } from '../core/compare-text.ts';
import type { StoredVersion, VersionStore } from './version-store.ts';
import type { NewState } from './write-set.ts';

/** An aggregate as a transaction finds it. */
export interface Found {
  readonly aggregateId: string;
  /** What is committed; nothing where it does not exist. */
  readonly stored: StoredVersion | undefined;
  /** What the transaction has made of it; never undefined. */
  readonly state: Exclude<NewState, undefined>;
  readonly isOwn: boolean;
}

/** What is scanned. */
export interface VersionScan {
  readonly prefix: string;
  readonly sequence: number;
  readonly batchSize: number;
  /** What the transaction has written, as of the beginning of the scan. */
  readonly own: ReadonlyMap<string, NewState>;
  /** Called before each page; throws when the scan is to end. */
  readonly assertOpen: () => void;
}

/**
 * The aggregates that exist as of a sequence, with the transaction's own writes and without what it deleted, in the order of
 * their ids. One page is held at a time. What is written while it is iterated does not show.
 */
export async function* scanVersions(store: VersionStore, scan: VersionScan): AsyncGenerator<Found, void, void> {
  const { prefix, sequence, batchSize: limit, assertOpen } = scan;
  const own = [...scan.own].filter(([id]) => id.startsWith(prefix)).sort(([a], [b]) => compareText(a, b));
  let next = 0;
  let after: string | undefined;
  for (;;) {
    assertOpen();
    const page: readonly StoredVersion[] = await store.scan({ prefix, sequence, after, limit });
    assertOpen();
    for (const stored of page) {
      const { aggregateId } = stored;
      for (; next < own.length && compareText(own[next]![0], aggregateId) < 0; next++) yield* created(own[next]!);
      if (own[next]?.[0] === aggregateId) {
        const state = own[next++]![1];
        if (state !== undefined) yield { aggregateId, stored, state, isOwn: true };
      } else {
        yield { aggregateId, stored, state: stored.state!, isOwn: false };
      }
    }
    if (page.length < limit) break;
    after = page.at(-1)!.aggregateId;
  }
  for (; next < own.length; next++) yield* created(own[next]!);
}

function* created([aggregateId, state]: [string, NewState]): Generator<Found, void, void> {
  if (state !== undefined) yield { aggregateId, stored: undefined, state, isOwn: true };
}
