import type { CommitRequest, NotCommitted, PreparedVersions, VersionCheck } from './version-store.ts';

type Locked = Extract<NotCommitted, { status: 'locked' }>;

/** What is prepared and not decided, and what others must not write meanwhile. */
export class MemoryPrepared {
  readonly #requests = new Map<string, CommitRequest>();

  has(id: string): boolean {
    return this.#requests.has(id);
  }

  add(id: string, request: CommitRequest): void {
    this.#requests.set(id, request);
  }

  take(id: string): CommitRequest | undefined {
    const found = this.#requests.get(id);
    this.#requests.delete(id);
    return found;
  }

  list(): PreparedVersions[] {
    return [...this.#requests].map(([id, { timestamp }]) => ({ id, timestamp }));
  }

  /** Who has written or checked what the request writes. */
  lockOnWritten({ writes }: CommitRequest): Locked | undefined {
    if (this.#requests.size === 0) return undefined;
    for (const { aggregateId } of writes) {
      for (const [preparedBy, prepared] of this.#requests) {
        const isHeld =
          prepared.writes.some((write) => write.aggregateId === aggregateId) ||
          prepared.checks.some((check) => covers(check, aggregateId));
        if (isHeld) return { status: 'locked', aggregateId, preparedBy };
      }
    }
    return undefined;
  }

  /** Who has written what the request checks. */
  lockOnChecked({ checks }: CommitRequest): Locked | undefined {
    for (const [preparedBy, { writes }] of this.#requests) {
      const found = writes.find(({ aggregateId }) => checks.some((check) => covers(check, aggregateId)));
      if (found) return { status: 'locked', aggregateId: found.aggregateId, preparedBy };
    }
    return undefined;
  }
}

function covers(check: VersionCheck, aggregateId: string): boolean {
  return 'prefix' in check ? aggregateId.startsWith(check.prefix) : check.aggregateId === aggregateId;
}
