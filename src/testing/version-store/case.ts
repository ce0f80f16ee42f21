import assert from 'node:assert/strict';
import { isMigrationError } from '../../core/errors.ts';
import { deepFreeze, type JsonValue } from '../../core/json-value.ts';
import type { CommitRequest, StoredVersion, VersionStore, VersionWrite } from '../../state/version-store.ts';

/** What a case works with. */
export interface CaseContext {
  readonly store: VersionStore;
  /** Another store over the same storage; the same one where the storage lives inside it. */
  readonly other: VersionStore;
  /** An id that no other case uses. */
  id(what: string): string;
}

export type DefineCase = (title: string, run: (context: CaseContext) => Promise<void>) => void;

export const write = (aggregateId: string, state: JsonValue, checksum?: string): VersionWrite => ({
  aggregateId,
  state: deepFreeze(state),
  ...(checksum !== undefined && { checksum }),
});

export const deletion = (aggregateId: string): VersionWrite => ({ aggregateId, state: undefined });

export function request(fields: Partial<CommitRequest> & Pick<CommitRequest, 'writes'>): CommitRequest {
  return { checks: [], timestamp: 0, ...fields };
}

/** Commits what must succeed. */
export async function committed(store: VersionStore, fields: Partial<CommitRequest> & Pick<CommitRequest, 'writes'>) {
  const outcome = await store.commit(request(fields));
  assert.equal(outcome.status, 'committed', `expected the commit to succeed: ${JSON.stringify(outcome)}`);
  assert.ok(outcome.status === 'committed');
  return outcome;
}

export function conflict(aggregateId: string, version: number, actualVersion: number) {
  return { status: 'conflict', failed: [{ check: { aggregateId, version }, aggregateId, actualVersion }] };
}

export function historyOf(store: VersionStore, aggregateId: string): Promise<readonly StoredVersion[]> {
  return store.history(aggregateId, { fromVersion: 1, limit: 10_000 });
}

/** A time that no commit of this storage has come to yet, some ms apart from the last one. */
export async function laterTime({ store, id }: CaseContext): Promise<number> {
  return (await committed(store, { writes: [write(id('clock'), null)] })).timestamp + 10;
}

export const statesOf = (versions: readonly StoredVersion[]) => versions.map(({ state }) => state);

export const versionsOf = (versions: readonly StoredVersion[]) => versions.map(({ version }) => version);

/** Reading it is refused, since it was removed. */
export function assertTooOld(reading: Promise<unknown>): Promise<void> {
  return assert.rejects(reading, (error) => isMigrationError(error, 'SNAPSHOT_TOO_OLD'));
}
