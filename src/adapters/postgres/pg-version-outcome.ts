import type { CommitRequest, Committed, NotCommitted, Retention } from '../../state/version-store.ts';
import type { Int8 } from './pg-event-rows.ts';

/** What the functions that commit, prepare and decide give. */
export interface OutcomeRow {
  readonly status: 'committed' | 'prepared' | 'failed' | 'locked';
  readonly sequence: Int8;
  readonly at: Int8;
  readonly versions: readonly Int8[];
  readonly n: Int8;
  readonly id: string;
  readonly prepared_by: string;
}

/** The parameters of a request. */
export function requestValues({ writes, checks, timestamp, retention }: CommitRequest): unknown[] {
  const ids = checks.filter((check) => 'aggregateId' in check);
  const prefixes = checks.filter((check) => 'prefix' in check);
  return [
    writes.map(({ aggregateId }) => aggregateId),
    writes.map(({ state }) => (state === undefined ? null : JSON.stringify(state))),
    writes.map(({ checksum }) => checksum ?? null),
    ids.map(({ aggregateId }) => aggregateId),
    ids.map((check) => ('version' in check ? check.version : null)),
    ids.map((check) => ('version' in check ? null : check.sequence)),
    prefixes.map(({ prefix }) => prefix),
    prefixes.map(({ sequence }) => sequence),
    timestamp,
    retention ? retentionValues(retention) : null,
  ];
}

export function retentionValues({ horizon, graceSince, keepVersions, keepBytes, keepSince }: Retention) {
  return [horizon, graceSince ?? null, keepVersions ?? null, keepBytes ?? null, keepSince ?? null];
}

/** What was committed. */
export function committedOf({ sequence, at, versions }: OutcomeRow): Committed {
  return { status: 'committed', sequence: Number(sequence), timestamp: Number(at), versions: versions.map(Number) };
}

/** Why a request was refused; nothing if it was not. */
export function refusalOf({ checks }: CommitRequest, rows: readonly OutcomeRow[]): NotCommitted | undefined {
  const [{ status, id, prepared_by: preparedBy }] = rows as [OutcomeRow];
  if (status === 'locked') return { status, aggregateId: id, preparedBy };
  if (status !== 'failed') return undefined;
  // As the parameters have them: first those of ids.
  const numbered = [
    ...checks.filter((check) => 'aggregateId' in check),
    ...checks.filter((check) => 'prefix' in check),
  ];
  return {
    status: 'conflict',
    // Who holds a write may be told behind them.
    failed: rows
      .filter((row) => row.status === 'failed')
      .map(({ n, id: aggregateId, versions }) => ({
        check: numbered[Number(n) - 1]!,
        aggregateId,
        actualVersion: Number(versions[0]),
      })),
  };
}
