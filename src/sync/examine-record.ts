import { messageOf } from '../core/errors.ts';
import type { QuarantinedRecord } from './final-sync-result.ts';
import type { KeySet } from './key-set.ts';

/** A record that may be migrated. */
export interface ValidRecord<Row> {
  readonly key: string;
  readonly record: Row;
  readonly checksum: string;
}

/** What is asked of each record. */
export interface RecordRules<Row> {
  readonly keyOf: (row: Row) => string;
  readonly validate: (row: Row) => readonly string[] | Promise<readonly string[]>;
  readonly checksum: (row: Row) => string;
}

/** The record with its key and checksum, or with every reason why it can't be migrated (FS4). Adds its key to `seen`. */
export async function examineRecord<Row>(
  record: Row,
  rules: RecordRules<Row>,
  seen: KeySet,
): Promise<ValidRecord<Row> | QuarantinedRecord<Row>> {
  const reasons: string[] = [];
  const attempt = async <T>(what: string, ask: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      reasons.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const key = await attempt('its key can not be told', () => textKey(rules.keyOf(record)));
  if (key !== undefined && !seen.add(key)) reasons.push(`another record has its key "${key}"`);
  reasons.push(...((await attempt('it can not be validated', async () => [...(await rules.validate(record))])) ?? []));
  const sum = await attempt('its checksum can not be taken', () => rules.checksum(record));
  if (key !== undefined && sum !== undefined && reasons.length === 0) return { key, record, checksum: sum };
  return Object.freeze({ key: key ?? null, record, reasons: Object.freeze(reasons) });
}

function textKey(key: unknown): string {
  if (typeof key === 'string' && key !== '') return key;
  throw new TypeError(`expected text that is not empty, got ${typeof key === 'string' ? '""' : typeof key}`);
}
