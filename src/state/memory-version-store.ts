import { startOfPage } from '../core/compare-text.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import { isUnwantedPromise } from '../core/unwanted-promise.ts';
import { MemoryAggregate } from './memory-aggregate.ts';
import { MemoryCommitLog } from './memory-commit-log.ts';
import { MemoryPrepared } from './memory-prepared.ts';
import { OrderedIds } from './ordered-ids.ts';
import type {
  ChangesPage,
  CommitOptions,
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
  VersionWrite,
} from './version-store.ts';

/** Versions in the memory of this process: nothing survives it. */
export class MemoryVersionStore implements VersionStore {
  readonly #identity = createId();
  readonly #aggregates = new Map<string, MemoryAggregate>();
  readonly #ids = new OrderedIds();
  readonly #log = new MemoryCommitLog(({ aggregateId, version }) => {
    return version >= this.#aggregates.get(aggregateId)!.oldest.version;
  });
  readonly #prepared = new MemoryPrepared();
  #sequence = 0;
  #timestamp = 0;

  async init(): Promise<void> {}

  // No method waits for anything: each is one step that no other gets into.
  async commit(request: CommitRequest, options?: CommitOptions): Promise<CommitOutcome> {
    return this.commitSync(request, options);
  }

  commitSync(request: CommitRequest, { within }: CommitOptions = {}): CommitOutcome {
    const refusal = this.#refusal(request);
    if (refusal) return refusal;
    const result = within?.(this.#preview(request), undefined);
    if (isUnwantedPromise(result)) throw new InvalidArgumentError('options.within', 'synchronous work', result);
    return this.#write(request, request.timestamp);
  }

  async prepare(id: string, request: CommitRequest): Promise<{ readonly status: 'prepared' } | NotCommitted> {
    if (!this.#prepared.has(id)) {
      const refusal = this.#refusal(request) ?? this.#prepared.lockOnChecked(request);
      if (refusal) return refusal;
      this.#prepared.add(id, request);
    }
    return { status: 'prepared' };
  }

  async decide(id: string, decision: 'commit' | 'rollback', timestamp: number): Promise<Committed | undefined> {
    const request = this.#prepared.take(id);
    return request && decision === 'commit' ? this.#write(request, timestamp) : undefined;
  }

  async prepared(): Promise<readonly PreparedVersions[]> {
    return this.#prepared.list();
  }

  async lastSequence(): Promise<number> {
    return this.#sequence;
  }

  async latestVersion(aggregateId: string): Promise<number> {
    return this.#latest(aggregateId);
  }

  async read(aggregateId: string, at?: VersionSelector): Promise<StoredVersion | undefined> {
    const aggregate = this.#aggregates.get(aggregateId);
    if (!aggregate || !at) return aggregate?.newest;
    if ('version' in at) return aggregate.range(at.version, at.version)[0];
    return 'sequence' in at ? aggregate.asOf('sequence', at.sequence) : aggregate.asOf('timestamp', at.time);
  }

  async scan({ prefix, sequence, after, limit }: ScanPage): Promise<readonly StoredVersion[]> {
    const page: StoredVersion[] = [];
    if (limit < 1) return page;
    for (const id of this.#ids.from(startOfPage(prefix, after))) {
      if (!id.startsWith(prefix)) break;
      const found = this.#aggregates.get(id)!.asOf('sequence', sequence);
      if (found?.state === undefined) continue;
      if (page.push(found) === limit) break;
    }
    return page;
  }

  async history(
    aggregateId: string,
    { fromVersion, limit }: { readonly fromVersion: number; readonly limit: number },
  ): Promise<readonly StoredVersion[]> {
    const aggregate = this.#aggregates.get(aggregateId);
    if (!aggregate) return [];
    const first = Math.max(fromVersion, aggregate.oldest.version);
    return aggregate.range(first, first + limit - 1);
  }

  async changes({ after, prefix, limit }: ChangesPage): Promise<readonly StoredVersion[]> {
    const versions: StoredVersion[] = [];
    for (const [id, { first, last }] of this.#changed({ after, prefix, limit })) {
      versions.push(...this.#aggregates.get(id)!.range(first, last));
    }
    return versions.sort((a, b) => a.sequence - b.sequence);
  }

  async vacuum(retention: Retention): Promise<number> {
    let removed = 0;
    for (const aggregate of this.#aggregates.values()) removed += aggregate.removeOld(retention);
    this.#log.removed(removed);
    return removed;
  }

  async identity(): Promise<string> {
    return this.#identity;
  }

  /** What a commit is going to be. */
  #preview({ writes, timestamp }: CommitRequest): Committed {
    return {
      status: 'committed',
      sequence: this.#sequence + 1,
      timestamp: Math.max(this.#timestamp, timestamp),
      versions: writes.map(({ aggregateId }) => this.#latest(aggregateId) + 1),
    };
  }

  #write({ writes, retention }: CommitRequest, timestamp: number): Committed {
    this.#sequence++;
    this.#timestamp = Math.max(this.#timestamp, timestamp);
    const versions = writes.map((write) => {
      const aggregate = this.#append(write);
      if (retention) this.#log.removed(aggregate.removeOld(retention));
      return aggregate.newest.version;
    });
    return { status: 'committed', sequence: this.#sequence, timestamp: this.#timestamp, versions };
  }

  #append({ aggregateId, state, checksum }: VersionWrite): MemoryAggregate {
    let aggregate = this.#aggregates.get(aggregateId);
    const version = (aggregate?.newest.version ?? 0) + 1;
    const [sequence, timestamp] = [this.#sequence, this.#timestamp];
    const stored = Object.freeze({ aggregateId, version, sequence, timestamp, state, checksum });
    if (!aggregate) {
      aggregate = new MemoryAggregate();
      this.#aggregates.set(aggregateId, aggregate);
      this.#ids.add(aggregateId);
    }
    const packed = aggregate.append(stored);
    if (packed) this.#log.replace(packed);
    this.#log.push(stored);
    return aggregate;
  }

  /** The first and the last version of each aggregate in a page of whole commits. */
  #changed({ after, prefix, limit }: ChangesPage): Map<string, { readonly first: number; readonly last: number }> {
    const runs = new Map<string, { readonly first: number; readonly last: number }>();
    let commit: { readonly aggregateId: string; readonly version: number; readonly sequence: number }[] = [];
    let count = 0;
    const take = () => {
      for (const { aggregateId, version } of commit) {
        runs.set(aggregateId, { first: runs.get(aggregateId)?.first ?? version, last: version });
      }
      count += commit.length;
      commit = [];
    };
    for (const version of this.#log.after(after)) {
      if (!version.aggregateId.startsWith(prefix)) continue;
      if (version.sequence !== commit[0]?.sequence) {
        take();
        if (count >= limit) return runs;
      }
      commit.push(version);
      if (count > 0 && count + commit.length > limit) return runs;
    }
    take();
    return runs;
  }

  #refusal(request: CommitRequest): NotCommitted | undefined {
    const failed: FailedCheck[] = [];
    for (const check of request.checks) {
      const id = this.#changedOf(check);
      if (id !== undefined) failed.push({ check, aggregateId: id, actualVersion: this.#latest(id) });
    }
    return failed.length > 0 ? { status: 'conflict', failed } : this.#prepared.lockOnWritten(request);
  }

  /** The aggregate for which a check does not hold. */
  #changedOf(check: VersionCheck): string | undefined {
    if ('prefix' in check) {
      for (const { aggregateId } of this.#log.after(check.sequence)) {
        if (aggregateId.startsWith(check.prefix)) return aggregateId;
      }
      return undefined;
    }
    const latest = this.#aggregates.get(check.aggregateId)?.newest;
    const holds =
      'sequence' in check
        ? (latest?.sequence ?? 0) <= check.sequence
        : check.version === (latest?.version ?? 0) || (check.version === 0 && latest?.state === undefined);
    return holds ? undefined : check.aggregateId;
  }

  #latest(aggregateId: string): number {
    return this.#aggregates.get(aggregateId)?.newest.version ?? 0;
  }
}
