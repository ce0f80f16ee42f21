import { SnapshotTooOldError, StorageError } from './errors.ts';
import { fromJsonText } from './json-text.ts';
import type { JsonValue } from './json-value.ts';
import { applyDelta } from './text-delta.ts';

type Integer = string | number | bigint;

/** How a version is kept: its JSON text, what makes it out of the text of the next version, or nothing. */
type VersionForm = 'full' | 'delta' | 'deleted';

/** A version as an SQL database gives it. */
export interface VersionRow {
  readonly id: string;
  /** Nothing where the version that was asked for is gone. */
  readonly version: Integer | null;
  readonly sequence: Integer;
  readonly timestamp: Integer;
  readonly form: VersionForm;
  readonly state: string;
  readonly checksum: string | null;
  /** The last version that was asked for: those behind it are there to read deltas. */
  readonly last: Integer;
}

/** What is read from a {@link VersionRow}; a state that is undefined is none. */
export interface VersionOfRow {
  readonly aggregateId: string;
  readonly version: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly state: JsonValue | undefined;
  readonly checksum?: string | undefined;
}

/**
 * The versions that were asked for, in the order of their rows.
 *
 * @param rows - Of each aggregate a run of versions, upwards, which ends in one that is no delta.
 * @throws {@link SnapshotTooOldError} if one is gone.
 * @throws {@link StorageError} if a delta is damaged or its base is missing.
 */
export function versionsOfRows(rows: readonly VersionRow[]): VersionOfRow[] {
  const versions: VersionOfRow[] = [];
  let newer: VersionRow | undefined;
  let text = '';
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index]!;
    if (row.version === null) throw new SnapshotTooOldError(row.id);
    if (row.form !== 'delta') text = row.state;
    else text = undelta(row, newer, text);
    newer = row;
    const version = Number(row.version);
    if (version > Number(row.last)) continue;
    versions.push({
      aggregateId: row.id,
      version,
      sequence: Number(row.sequence),
      timestamp: Number(row.timestamp),
      state: row.form === 'deleted' ? undefined : fromJsonText(text, `read version ${version} of "${row.id}"`),
      ...(row.checksum !== null && { checksum: row.checksum }),
    });
  }
  return versions.reverse();
}

function undelta(row: VersionRow, newer: VersionRow | undefined, base: string): string {
  const { id, version, state } = row;
  const isNext = newer?.id === id && Number(newer.version) === Number(version) + 1 && newer.form !== 'deleted';
  const text = isNext ? applyDelta(base, state) : undefined;
  if (text !== undefined) return text;
  throw new StorageError(`read version ${version} of "${id}"`, 'its delta is damaged: restore it from a backup');
}
