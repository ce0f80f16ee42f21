import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { stableStringify } from '../../../src/core/checksum.ts';
import { isPlainObject, type JsonValue, setOwn } from '../../../src/core/json-value.ts';

/** A merge that people made of a JSON file. */
export interface RealMerge {
  readonly id: string;
  /** Whether git merged it as text, in the form that it had in its repository. */
  readonly git: { readonly clean: boolean };
  readonly base: JsonValue;
  readonly ours: JsonValue;
  readonly theirs: JsonValue;
  /** What was committed. */
  readonly merged: JsonValue;
}

export const realMergesFile = '../shared/data/merges/json.jsonl.gz';

/** The real merges; undefined where they are not at hand. */
export function readRealMerges(): readonly RealMerge[] | undefined {
  if (!existsSync(realMergesFile)) return undefined;
  const lines = gunzipSync(readFileSync(realMergesFile)).toString().trim().split('\n');
  return lines.map((line): RealMerge => JSON.parse(line));
}

/** The value with its lists sorted: equal for values that differ in the order of lists alone. */
export function unordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => stableStringify(unordered(item))).sort();
  if (!isPlainObject(value)) return value;
  const copy = {};
  for (const key of Object.keys(value)) setOwn(copy, key, unordered(value[key] as JsonValue));
  return copy;
}
