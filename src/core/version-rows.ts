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
 * @param damaged - What becomes of a state that can't be read: an error here, or one where it is looked at.
 * @throws {@link SnapshotTooOldError} if one is gone.
 * @throws {@link StorageError} if a text is no JSON, a delta is damaged, or its base is missing.
 */
export function versionsOfRows(
  rows: readonly VersionRow[],
  damaged: 'rejected' | 'given' = 'rejected',
): VersionOfRow[] {
  const versions: VersionOfRow[] = [];
  let newer: VersionRow | undefined;
  let text: string | undefined = '';
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index]!;
    if (row.version === null) throw new SnapshotTooOldError(row.id);
    text = row.form === 'delta' ? undelta(row, newer, text) : row.state;
    newer = row;
    const version = Number(row.version);
    if (version > Number(row.last)) continue;
    const fields = {
      aggregateId: row.id,
      version,
      sequence: Number(row.sequence),
      timestamp: Number(row.timestamp),
      ...(row.checksum !== null && { checksum: row.checksum }),
    };
    try {
      versions.push({ ...fields, state: row.form === 'deleted' ? undefined : stateOf(row, text) });
    } catch (error) {
      if (damaged === 'rejected') throw error;
      versions.push({
        ...fields,
        get state(): never {
          throw error;
        },
      });
    }
  }
  return versions.reverse();
}

/** The text that a delta makes; nothing if it is damaged, or its base is missing or damaged. */
function undelta(row: VersionRow, newer: VersionRow | undefined, base: string | undefined): string | undefined {
  const isNext = newer?.id === row.id && Number(newer.version) === Number(row.version) + 1 && newer.form !== 'deleted';
  return isNext && base !== undefined ? applyDelta(base, row.state) : undefined;
}

function stateOf({ id, version }: VersionRow, text: string | undefined): JsonValue {
  const operation = `read version ${version} of "${id}"`;
  if (text === undefined) throw new StorageError(operation, 'its delta is damaged: restore it from a backup');
  return fromJsonText(text, operation);
}
