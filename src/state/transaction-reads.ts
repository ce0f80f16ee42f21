import { type IsolationLevel, keepsSnapshot } from './isolation-level.ts';
import type { OpenSnapshot, OpenSnapshots } from './open-snapshots.ts';
import type { StoredVersion, UnchangedCheck, VersionCheck, VersionStore } from './version-store.ts';

/** What reading needs of the controller. */
export interface ReadContext {
  readonly store: () => Promise<VersionStore>;
  readonly snapshots: OpenSnapshots;
}

/** What a transaction has read, as of one snapshot where its level keeps one, and what must be unchanged for it. */
export class TransactionReads {
  readonly #context: ReadContext;
  readonly #level: IsolationLevel;
  /** What the snapshot sees of each aggregate asked for; undefined if it sees none. */
  readonly #seen = new Map<string, Promise<StoredVersion | undefined>>();
  readonly #scanned = new Set<string>();
  #snapshot: OpenSnapshot | undefined;

  constructor(context: ReadContext, level: IsolationLevel) {
    this.#context = context;
    this.#level = level;
  }

  /** The version of an aggregate that the transaction sees, a deletion included: the snapshot's, or the newest. */
  async visible(aggregateId: string): Promise<StoredVersion | undefined> {
    if (!keepsSnapshot(this.#level)) return (await this.#context.store()).read(aggregateId);
    const known = this.#seen.get(aggregateId);
    if (known) return known;
    const reading = this.#readSnapshot(aggregateId);
    this.#seen.set(aggregateId, reading);
    try {
      return await reading;
    } catch (error) {
      // Forgotten, so that the next read tries anew.
      this.#seen.delete(aggregateId);
      throw error;
    }
  }

  /** Takes note that all aggregates whose ids begin so were looked at. */
  scanned(prefix: string): void {
    this.#scanned.add(prefix);
  }

  /** Takes the snapshot, if that has not happened. @returns The last commit that it sees. */
  async sequence(): Promise<number> {
    this.#snapshot ??= this.#context.snapshots.open(this.#context.store);
    const snapshot = this.#snapshot;
    try {
      return await snapshot.sequence;
    } catch (error) {
      snapshot.release();
      if (this.#snapshot === snapshot) this.#snapshot = undefined;
      throw error;
    }
  }

  /** What must be unchanged since the snapshot: of what is written and, to be serializable, of what was read. */
  async checks(written: Iterable<string>): Promise<readonly VersionCheck[]> {
    if (!keepsSnapshot(this.#level)) return [];
    const isSerializable = this.#level === 'serializable';
    const ids = new Set(written);
    if (isSerializable) for (const id of this.#seen.keys()) ids.add(id);
    const prefixes = isSerializable ? [...this.#scanned] : [];
    const sequence = await this.sequence();
    const checks: VersionCheck[] = prefixes.map((prefix) => ({ prefix, sequence }));
    for (const aggregateId of ids) {
      if (!prefixes.some((prefix) => aggregateId.startsWith(prefix))) {
        checks.push({ aggregateId, sequence } satisfies UnchangedCheck);
      }
    }
    return checks;
  }

  /** @throws {@link SnapshotTooOldError} once the snapshot was expired. */
  assertNotExpired(): void {
    this.#snapshot?.assertNotExpired();
  }

  release(): void {
    this.#snapshot?.release();
  }

  async #readSnapshot(aggregateId: string): Promise<StoredVersion | undefined> {
    const sequence = await this.sequence();
    return (await this.#context.store()).read(aggregateId, { sequence });
  }
}
