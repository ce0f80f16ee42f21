import { createId } from '../core/ids.ts';
import type {
  CommitOutcome,
  CommitRequest,
  Retention,
  StoredVersion,
  VersionCheck,
  VersionStore,
} from './version-store.ts';

/** Versions in the memory of this process: nothing survives it. */
export class MemoryVersionStore implements VersionStore {
  readonly #identity = createId();
  /** The versions of each aggregate in order, none missing in between. */
  readonly #aggregates = new Map<string, StoredVersion[]>();
  #sequence = 0;

  async init(): Promise<void> {}

  // No method waits for anything: each is one step that no other gets into.
  async commit({ writes, checks, timestamp, retention }: CommitRequest): Promise<CommitOutcome> {
    const failed = checks.map((check) => this.#withActual(check)).filter((check) => !holds(check));
    if (failed.length > 0) return { status: 'conflict', failed };
    const sequence = ++this.#sequence;
    const versions: number[] = [];
    for (const { aggregateId, state } of writes) {
      const version = this.#latest(aggregateId) + 1;
      const stored = Object.freeze({ aggregateId, version, sequence, timestamp, state });
      const kept = this.#aggregates.get(aggregateId);
      if (kept) kept.push(stored);
      else this.#aggregates.set(aggregateId, [stored]);
      if (kept && retention) removeOld(kept, retention);
      versions.push(version);
    }
    return { status: 'committed', sequence, versions };
  }

  async lastSequence(): Promise<number> {
    return this.#sequence;
  }

  async latestVersion(aggregateId: string): Promise<number> {
    return this.#latest(aggregateId);
  }

  async read(
    aggregateId: string,
    at?: { readonly version: number } | { readonly sequence: number },
  ): Promise<StoredVersion | undefined> {
    const versions = this.#aggregates.get(aggregateId);
    if (!versions || !at) return versions?.at(-1);
    if ('sequence' in at) return versions.findLast(({ sequence }) => sequence <= at.sequence);
    return versions[at.version - versions[0]!.version];
  }

  async history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    const versions = this.#aggregates.get(aggregateId) ?? [];
    const start = Math.max(0, fromVersion - (versions[0]?.version ?? 1));
    return versions.slice(start, start + limit);
  }

  async removeVersions(retention: Retention): Promise<number> {
    let removed = 0;
    for (const versions of this.#aggregates.values()) removed += removeOld(versions, retention);
    return removed;
  }

  async identity(): Promise<string> {
    return this.#identity;
  }

  #latest(aggregateId: string): number {
    return this.#aggregates.get(aggregateId)?.at(-1)?.version ?? 0;
  }

  #withActual({ aggregateId, version }: VersionCheck) {
    return { aggregateId, version, actualVersion: this.#latest(aggregateId) };
  }
}

function holds({ version, actualVersion }: { version: number; actualVersion: number }): boolean {
  return version === actualVersion;
}

function removeOld(versions: StoredVersion[], { keepVersions, horizon }: Retention): number {
  // What a snapshot at the horizon sees is the last one at or below it: all before that one may go.
  const seen = versions.findLastIndex(({ sequence }) => sequence <= horizon);
  const count = Math.max(0, Math.min(seen, versions.length - keepVersions));
  versions.splice(0, count);
  return count;
}
