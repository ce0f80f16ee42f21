import { endOfPrefix } from '../../core/compare-text.ts';
import { mayPack, minPackedLength, packedText } from '../../core/version-packing.ts';
import type {
  CommitOutcome,
  CommitRequest,
  Committed,
  FailedCheck,
  NotCommitted,
  Retention,
  VersionCheck,
  VersionWrite,
} from '../../state/version-store.ts';
import type { VersionStatements } from './sqlite-version-statements.ts';

type Integer = number | bigint;

/** What is written, as statements within a transaction that somebody else begins and ends. */
export class SqliteVersionLog {
  readonly #statements: VersionStatements;

  constructor(statements: VersionStatements) {
    this.#statements = statements;
  }

  commit(request: CommitRequest): CommitOutcome {
    return this.#conflict(request.checks) ?? this.#locked(request.writes) ?? this.#write(request, request.timestamp);
  }

  prepare(id: string, request: CommitRequest): { readonly status: 'prepared' } | NotCommitted {
    const { isPrepared, prepare, lock } = this.#statements;
    if (isPrepared.get(id)) return { status: 'prepared' };
    const { writes, checks, timestamp } = request;
    const refusal = this.#conflict(checks) ?? this.#locked(writes) ?? this.#writtenByPrepared(checks);
    if (refusal) return refusal;
    prepare.run(id, timestamp, JSON.stringify(request));
    for (const { aggregateId } of writes) lock.run('write', aggregateId, id);
    for (const check of checks) {
      if ('prefix' in check) lock.run('prefix', check.prefix, id);
      else lock.run('check', check.aggregateId, id);
    }
    return { status: 'prepared' };
  }

  decide(id: string, decision: 'commit' | 'rollback', timestamp: number): Committed | undefined {
    const { decide, unlock } = this.#statements;
    const found = decide.get(id) as { request: string } | undefined;
    unlock.run(id);
    if (!found || decision === 'rollback') return undefined;
    return this.#write(JSON.parse(found.request) as CommitRequest, timestamp);
  }

  /**
   * Removes old versions of an aggregate, and packs what an older version of this library has left.
   *
   * @returns How many were removed.
   */
  vacuum(aggregateId: string, retention: Retention): number {
    const removed = this.#removeOld(aggregateId, retention);
    const { unpacked, longText } = this.#statements;
    // Upwards, so that the next one is still whole.
    for (const row of unpacked.all(aggregateId, minPackedLength)) {
      const next = longText.get(aggregateId, number(row) + 1, minPackedLength) as { text: string } | undefined;
      if (next) this.#pack(aggregateId, number(row), next.text);
    }
    return removed;
  }

  #write({ writes, retention }: CommitRequest, timestamp: number): Committed {
    const { lastCommit, setLastCommit } = this.#statements;
    const last = lastCommit.get() as Record<'sequence' | 'timestamp', Integer>;
    const sequence = Number(last.sequence) + 1;
    const at = Math.max(Number(last.timestamp), timestamp);
    setLastCommit.run(sequence, at);
    const versions = writes.map((write) => {
      const version = this.#insert(write, sequence, at);
      if (retention) this.#removeOld(write.aggregateId, retention);
      return version;
    });
    return { status: 'committed', sequence, timestamp: at, versions };
  }

  #insert({ aggregateId, state, checksum }: VersionWrite, sequence: number, at: number): number {
    const version = this.#latest(aggregateId).version + 1;
    const text = state === undefined ? '' : JSON.stringify(state);
    const form = state === undefined ? 'deleted' : 'full';
    this.#statements.insert.run(aggregateId, version, sequence, at, text, form, checksum ?? null);
    this.#pack(aggregateId, version - 1, text);
    return version;
  }

  /** Keeps what was replaced as a delta, where that is smaller by far. */
  #pack(aggregateId: string, version: number, next: string): void {
    if (next.length < minPackedLength || version < 1 || !mayPack(version)) return;
    const found = this.#statements.longText.get(aggregateId, version, minPackedLength) as { text: string } | undefined;
    const delta = found && packedText(found.text, next);
    if (delta !== undefined) this.#statements.pack.run(delta, aggregateId, version);
  }

  #removeOld(aggregateId: string, retention: Retention): number {
    const { horizon, graceSince = Number.MAX_SAFE_INTEGER, keepVersions, keepBytes, keepSince } = retention;
    const { mayGo, replacedBefore, removeBefore } = this.#statements;
    const limits: number[] = [];
    if (keepVersions !== undefined) limits.push(this.#latest(aggregateId).version - keepVersions + 1);
    if (keepBytes !== undefined) limits.push(this.#firstWithin(aggregateId, keepBytes));
    if (keepSince !== undefined) limits.push(number(replacedBefore.get(aggregateId, keepSince)));
    const first = Math.min(number(mayGo.get(aggregateId, horizon, graceSince)), Math.max(0, ...limits));
    return first > 1 ? removeBefore.all(aggregateId, first).length : 0;
  }

  /** The first of the newest versions that take at most so many bytes together; the newest at least. */
  #firstWithin(aggregateId: string, bytes: number): number {
    const sizes = this.#statements.sizes.all(aggregateId) as Record<'version' | 'n', Integer>[];
    let total = 0;
    let first = Number(sizes[0]?.version ?? 0);
    for (const { version, n } of sizes) {
      total += Number(n);
      if (total > bytes) break;
      first = Number(version);
    }
    return first;
  }

  #conflict(checks: readonly VersionCheck[]): NotCommitted | undefined {
    const failed = checks.flatMap((check) => this.#failure(check) ?? []);
    return failed.length > 0 ? { status: 'conflict', failed } : undefined;
  }

  #failure(check: VersionCheck): FailedCheck | undefined {
    if ('prefix' in check) {
      const { prefix, sequence } = check;
      const found = this.#statements.changed.get(sequence, prefix, endOfPrefix(prefix)) as
        | { id: string; version: Integer }
        | undefined;
      return found && { check, aggregateId: found.id, actualVersion: Number(found.version) };
    }
    const { aggregateId } = check;
    const { version, sequence, isDeleted } = this.#latest(aggregateId);
    const holds =
      'sequence' in check
        ? sequence <= check.sequence
        : check.version === version || (check.version === 0 && isDeleted);
    return holds ? undefined : { check, aggregateId, actualVersion: version };
  }

  #locked(writes: readonly VersionWrite[]): NotCommitted | undefined {
    const { hasLocks, lockOf } = this.#statements;
    if (number(hasLocks.get()) === 0) return undefined;
    for (const { aggregateId } of writes) {
      const found = lockOf.get(aggregateId) as { id: string } | undefined;
      if (found) return { status: 'locked', aggregateId, preparedBy: found.id };
    }
    return undefined;
  }

  #writtenByPrepared(checks: readonly VersionCheck[]): NotCommitted | undefined {
    for (const check of checks) {
      const [low, end] =
        'prefix' in check
          ? [check.prefix, endOfPrefix(check.prefix)]
          : [check.aggregateId, `${check.aggregateId}\u0001`];
      const found = this.#statements.writeLockWithin.get(low, end) as { name: string; id: string } | undefined;
      if (found) return { status: 'locked', aggregateId: found.name, preparedBy: found.id };
    }
    return undefined;
  }

  #latest(aggregateId: string) {
    const found = this.#statements.latest.get(aggregateId) as
      | { version: Integer; sequence: Integer; form: string }
      | undefined;
    const { version = 0, sequence = 0, form } = found ?? {};
    return { version: Number(version), sequence: Number(sequence), isDeleted: form === 'deleted' };
  }
}

/** The column `n`, 0 where there is no row. A driver may have been told to give integers as bigint. */
function number(row: unknown): number {
  return Number((row as { n: Integer } | undefined)?.n ?? 0);
}
