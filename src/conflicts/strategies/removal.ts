import { isPlainObject, type JsonValue } from '../../core/json-value.ts';
import { type Conflict, DeletionConflict, type Side } from '../conflict.ts';

/** The side that removed the value, or emptied it, where the other still has something there. */
export function removingSide(conflict: Conflict): Side | undefined {
  if (conflict instanceof DeletionConflict) return conflict.deletedBy;
  if ('items' in conflict && conflict.items !== undefined) return undefined;
  const { baseValue: base, localValue: local, remoteValue: remote } = conflict;
  if (isEmpty(base) || isEmpty(local) === isEmpty(remote)) return undefined;
  return isEmpty(local) ? 'local' : 'remote';
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === '' || (isPlainObject(value) && Object.keys(value).length === 0);
}
