import { isPlainObject, type JsonObject } from '../core/json-value.ts';
import type { NamedCheckpoint, StoredEvent, StreamInfo } from './event-adapter.ts';

/** What the first line says. */
export interface BackupHeader {
  readonly format: typeof backupFormat;
  readonly version: 1;
  /** When the backup was begun, as ISO 8601. */
  readonly madeAt: string;
}

export const backupFormat = 'zyflow-events';

/** How many of each kind a backup has. */
export interface BackupCounts {
  readonly events: number;
  /** Those that were truncated or deleted. */
  readonly streams: number;
  readonly checkpoints: number;
}

/** What the last line says: the counts, and the SHA-256 of all lines before it. */
export interface BackupEnd extends BackupCounts {
  readonly sha256: string;
}

/** What a line of a backup holds. */
export type BackupRecord =
  | { readonly header: BackupHeader }
  | { readonly event: StoredEvent }
  | { readonly stream: StreamInfo }
  | { readonly checkpoint: NamedCheckpoint }
  | { readonly end: BackupEnd };

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);

const shapes: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  header: { format: (value) => value === backupFormat, version: (value) => value === 1, madeAt: isText },
  event: {
    id: isText,
    stream: isText,
    version: isCount,
    position: isCount,
    type: isText,
    data: isText,
    encoding: isText,
    metadata: isText,
    timestamp: (value) => Number.isSafeInteger(value),
    tags: isTexts,
  },
  stream: { stream: isText, version: isCount, firstVersion: isCount, deleted: (value) => typeof value === 'boolean' },
  checkpoint: { name: isText, position: isCount, state: isText },
  end: { events: isCount, streams: isCount, checkpoints: isCount, sha256: isText },
};

/** The record of a line; undefined for what is none. */
export function parseBackupLine(line: string): BackupRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const [kind, ...others] = Object.keys(value);
  const shape = kind !== undefined && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  const fields = kind === undefined ? undefined : (value as JsonObject)[kind];
  if (!shape || others.length > 0 || !isPlainObject(fields)) return undefined;
  const names = Object.keys(fields);
  const fits = names.length === Object.keys(shape).length && names.every((name) => shape[name]?.(fields[name]));
  return fits ? (value as unknown as BackupRecord) : undefined;
}
