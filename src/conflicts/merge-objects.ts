import { type JsonObject, type JsonValue, jsonEqual, setOwn } from '../core/json-value.ts';
import { areSame, type Difference } from './compare-versions.ts';
import type { Value } from './conflict-records.ts';
import { mergeOrder, type OrderConflict } from './merge-order.ts';

/** Of the base, of the local and of the remote version. */
export type Three<T> = readonly [base: T, local: T, remote: T];

/**
 * Merges three objects field by field: what is the same in all three is not merged, and a version that the outcome equals
 * is the outcome.
 *
 * @param merge - Gives the merged value of a field that is not the same; undefined if there is none.
 * @returns The object, and the disputes about the order of its fields.
 */
export function mergeObjects(
  versions: Three<JsonObject>,
  { fields, names }: Difference,
  merge: (name: string, known: Difference) => Value,
): { merged: JsonObject; conflicts: readonly OrderConflict[] } {
  const [base, local, remote] = versions;
  const edited = (changed: readonly string[], alike: readonly JsonObject[]) => {
    const values = changed.map((name) => merge(name, fields.get(name)!));
    return { merged: withFields(alike[0]!, changed, values, alike), conflicts: [] };
  };
  if (names === undefined) return edited([...fields.keys()], versions);
  const [ofBase, ofLocal, ofRemote] = names;
  // Where one side has the base's names and edited nothing that went, the names are the other side's.
  if (areSame(ofBase, ofLocal) && keepsWhatGoes(fields, base, local, remote)) {
    return edited(
      ofRemote.filter((name) => fields.has(name)),
      [remote],
    );
  }
  if (areSame(ofBase, ofRemote) && keepsWhatGoes(fields, base, remote, local)) {
    return edited(
      ofLocal.filter((name) => fields.has(name)),
      [local],
    );
  }
  const { order, conflicts } = mergeOrder(ofBase, ofLocal, ofRemote);
  const present: string[] = [];
  const values: JsonValue[] = [];
  for (const name of order as readonly string[]) {
    const known = fields.get(name);
    const value = known ? merge(name, known) : base[name];
    if (value === undefined) continue;
    present.push(name);
    values.push(value);
  }
  const alike = versions.filter((_, at) => areSame(present, names[at]!));
  return { merged: withFields({}, present, values, alike), conflicts };
}

/** Whether one side edited none of the fields that the other removed. */
function keepsWhatGoes(fields: Difference['fields'], base: JsonObject, one: JsonObject, other: JsonObject): boolean {
  for (const name of fields.keys()) {
    if (!Object.hasOwn(other, name) && Object.hasOwn(base, name) && !jsonEqual(base[name], one[name])) return false;
  }
  return true;
}

/** An object with these fields set, or the one of those that are alike in all other fields that has them. */
function withFields(
  object: JsonObject,
  names: readonly string[],
  values: readonly Value[],
  alike: readonly JsonObject[],
): JsonObject {
  const whole = alike.find((version) => names.every((name, at) => version[name] === values[at]));
  if (whole) return whole;
  const merged = { ...object };
  for (let at = 0; at < names.length; at++) setOwn(merged, names[at]!, values[at]);
  return merged;
}
