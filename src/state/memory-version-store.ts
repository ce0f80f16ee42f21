import { compareText } from '../core/compare-text.ts';
import { SnapshotTooOldError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import type {
  ChangesPage,
  CommitOutcome,
  CommitRequest,
  Committed,
  FailedCheck,
  NotCommitted,
  PreparedVersions,
  Retention,
  ScanPage,
  StoredVersion,
  VersionCheck,
  VersionSelector,
  VersionStore,
} from './version-store.ts';

/** Versions in the memory of this process: nothing survives it. */
export class MemoryVersionStore implements VersionStore {
  readonly #identity = createId();
  /** The versions of each aggregate in order, none missing in between. */
  readonly #aggregates = new Map<string, StoredVersion[]>();
  /** Every version in the order of the commits. */
  #log: StoredVersion[] = [];
  readonly #prepared = new Map<string, { readonly request: CommitRequest; readonly timestamp: number }>();
  /** The ids in order; undefined while one was added since. */
  #ids: readonly string[] | undefined = [];
  #sequence = 0;
  #timestamp = 0;

  async init(): Promise<void> {}

  // No method waits for anything: each is one step that no other gets into.
  async commit(request: CommitRequest): Promise<CommitOutcome> {
    return this.commitSync(request);
  }

  commitSync(request: CommitRequest): CommitOutcome {
    return this.#refusal(request) ?? this.#write(request, request.timestamp);
  }

  async prepare(id: string, request: CommitRequest): Promise<{ readonly status: 'prepared' } | NotCommitted> {
    if (this.#prepared.has(id)) return { status: 'prepared' };
    const refusal = this.#refusal(request);
    if (refusal) return refusal;
    this.#prepared.set(id, { request, timestamp: request.timestamp });
    return { status: 'prepared' };
  }

  async decide(id: string, decision: 'commit' | 'rollback', timestamp: number): Promise<Committed | undefined> {
    const found = this.#prepared.get(id);
    this.#prepared.delete(id);
    return found && decision === 'commit' ? this.#write(found.request, timestamp) : undefined;
  }

  async prepared(): Promise<readonly PreparedVersions[]> {
    return [...this.#prepared].map(([id, { timestamp }]) => ({ id, timestamp }));
  }

  async lastSequence(): Promise<number> {
    return this.#sequence;
  }

  async latestVersion(aggregateId: string): Promise<number> {
    return this.#latest(aggregateId);
  }

  async read(aggregateId: string, at?: VersionSelector): Promise<StoredVersion | undefined> {
    const versions = this.#aggregates.get(aggregateId);
    if (!versions || !at) return versions?.at(-1);
    if ('version' in at) return versions[at.version - versions[0]!.version];
    if ('sequence' in at) return asOf(versions, ({ sequence }) => sequence <= at.sequence);
    return asOf(versions, ({ timestamp }) => timestamp <= at.time);
  }

  async scan({ prefix, sequence, after = '', limit }: ScanPage): Promise<readonly StoredVersion[]> {
    this.#ids ??= [...this.#aggregates.keys()].sort(compareText);
    const page: StoredVersion[] = [];
    const start = compareText(after, prefix) >= 0 ? firstAbove(this.#ids, after) : firstAbove(this.#ids, prefix, true);
    for (let index = start; index < this.#ids.length && page.length < limit; index++) {
      const id = this.#ids[index]!;
      if (!id.startsWith(prefix)) break;
      const found = asOf(this.#aggregates.get(id)!, (version) => version.sequence <= sequence);
      if (found && found.state !== undefined) page.push(found);
    }
    return page;
  }

  async history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    const versions = this.#aggregates.get(aggregateId) ?? [];
    const start = Math.max(0, fromVersion - (versions[0]?.version ?? 1));
    return versions.slice(start, start + limit);
  }

  async changes({ after, prefix, limit }: ChangesPage): Promise<readonly StoredVersion[]> {
    const page: StoredVersion[] = [];
    for (let index = this.#logIndex(after); index < this.#log.length; index++) {
      const version = this.#log[index]!;
      if (page.length >= limit && version.sequence !== page.at(-1)!.sequence) break;
      if (version.aggregateId.startsWith(prefix)) page.push(version);
    }
    return page;
  }

  async vacuum(retention: Retention): Promise<number> {
    let removed = 0;
    for (const versions of this.#aggregates.values()) removed += removeOld(versions, retention);
    return removed;
  }

  async identity(): Promise<string> {
    return this.#identity;
  }

  #write({ writes, retention }: CommitRequest, timestamp: number): Committed {
    const sequence = ++this.#sequence;
    this.#timestamp = Math.max(this.#timestamp, timestamp);
    const versions: number[] = [];
    for (const { aggregateId, state, checksum } of writes) {
      const version = this.#latest(aggregateId) + 1;
      const stored = Object.freeze({ aggregateId, version, sequence, timestamp: this.#timestamp, state, checksum });
      this.#log.push(stored);
      const kept = this.#aggregates.get(aggregateId);
      if (kept) {
        kept.push(stored);
        if (retention) removeOld(kept, retention);
      } else {
        this.#aggregates.set(aggregateId, [stored]);
        this.#ids = undefined;
      }
      versions.push(version);
    }
    return { status: 'committed', sequence, timestamp: this.#timestamp, versions };
  }

  #refusal({ writes, checks }: CommitRequest): NotCommitted | undefined {
    for (const { aggregateId } of writes) {
      for (const [preparedBy, { request }] of this.#prepared) {
        if (holds(request, aggregateId)) return { status: 'locked', aggregateId, preparedBy };
      }
    }
    const failed = checks.flatMap((check) => this.#failure(check) ?? []);
    return failed.length > 0 ? { status: 'conflict', failed } : undefined;
  }

  #failure(check: VersionCheck): FailedCheck | undefined {
    if ('prefix' in check) {
      const changed = this.#log
        .slice(this.#logIndex(check.sequence))
        .find(({ aggregateId }) => aggregateId.startsWith(check.prefix));
      return changed && this.#failed(check, changed.aggregateId);
    }
    const { aggregateId, version } = check;
    const latest = this.#aggregates.get(aggregateId)?.at(-1);
    const isAsExpected = version === (latest?.version ?? 0) || (version === 0 && latest?.state === undefined);
    return isAsExpected ? undefined : this.#failed(check, aggregateId);
  }

  #failed(check: VersionCheck, aggregateId: string): FailedCheck {
    return { check, aggregateId, actualVersion: this.#latest(aggregateId) };
  }

  #latest(aggregateId: string): number {
    return this.#aggregates.get(aggregateId)?.at(-1)?.version ?? 0;
  }

  /** Where the versions of later commits begin in the log. */
  #logIndex(sequence: number): number {
    let [low, high] = [0, this.#log.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log[middle]!.sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether a prepared transaction forbids others to write the aggregate. */
function holds({ writes, checks }: CommitRequest, aggregateId: string): boolean {
  return (
    writes.some((write) => write.aggregateId === aggregateId) ||
    checks.some((check) =>
      'prefix' in check ? aggregateId.startsWith(check.prefix) : check.aggregateId === aggregateId,
    )
  );
}

function asOf(versions: readonly StoredVersion[], isSeen: (version: StoredVersion) => boolean): StoredVersion | undefined {
  const found = versions.findLast(isSeen);
  if (!found && versions[0]!.version > 1) throw new SnapshotTooOldError(versions[0]!.aggregateId);
  return found;
}

/** Index of the first id above this one, or, where `orEqual`, from this one on. */
function firstAbove(ids: readonly string[], id: string, orEqual = false): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareText(ids[middle]!, id);
    if (order < 0 || (order === 0 && !orEqual)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function removeOld(versions: StoredVersion[], { keepVersions = Infinity, horizon }: Retention): number {
  // What a snapshot at the horizon sees is the last one at or below it: all before that one may go.
  const seen = versions.findLastIndex(({ sequence }) => sequence <= horizon);
  const count = Math.max(0, Math.min(seen, versions.length - keepVersions));
  versions.splice(0, count);
  return count;
}
