import { isPlainObject, type JsonValue } from '../core/json-value.ts';
import { type Conflict, type ConflictFields, DeletionConflict, FieldConflict, StructuralConflict } from './conflict.ts';
import { type ItemSegment, toPointer } from './location.ts';
import type { WriteStamp, WriteStamps } from './write-stamp.ts';

/** A JSON value, or undefined for none. */
export type Value = JsonValue | undefined;

/** What a merge was told about its versions, for the conflicts that it finds. */
export interface ConflictOrigin {
  /** When and where the local version was written; conflicts carry it to strategies such as last-writer-wins. */
  readonly localStamps?: WriteStamps | undefined;
  readonly remoteStamps?: WriteStamps | undefined;
  /**
   * What is merged, such as the id of a record: without it, alike conflicts of two records are one to a queue and to the
   * memory of decisions. Default: none.
   */
  readonly subject?: string | undefined;
}

/** The conflicts that a merge has found so far, and where it is. */
export class ConflictRecords {
  readonly found: Conflict[] = [];
  /** Where the merge is. */
  readonly location: (string | ItemSegment)[] = [];
  readonly #localStamps: WriteStamps | undefined;
  readonly #remoteStamps: WriteStamps | undefined;

  readonly #subject: string | undefined;

  constructor({ localStamps, remoteStamps, subject }: ConflictOrigin) {
    this.#subject = subject;
    this.#localStamps = localStamps;
    this.#remoteStamps = remoteStamps;
  }

  /** Records a conflict about the value here; what nobody has decided stays as it was. */
  undecided(base: Value, local: Value, remote: Value, isAtomic = false): Value {
    const record = (reason: string) => ({ ...this.fields(base, local, remote, reason), isAtomic });
    const name = this.name();
    if (local === undefined || remote === undefined) {
      const [removing, changing] = local === undefined ? ['local', 'remote'] : ['remote', 'local'];
      this.found.push(new DeletionConflict(record(`${removing} removed ${name}, ${changing} changed it`)));
    } else if (shapeOf(local) !== shapeOf(remote)) {
      const shapes = [shapeOf(local), shapeOf(remote)].sort().join(' and ');
      const reason = `the sides made ${name} different kinds of value: ${shapes}`;
      this.found.push(new StructuralConflict({ ...record(reason), aspect: 'kind' }));
    } else {
      const what = base === undefined ? 'added' : 'changed';
      this.found.push(new FieldConflict(record(`both sides ${what} ${name}, each in its own way`)));
    }
    return base;
  }

  /** Records a conflict in the place of those found since: so that no half of what it is about stands in the state. */
  replace(since: number, conflict: Conflict): void {
    this.found.length = since;
    this.found.push(conflict);
  }

  fields(baseValue: Value, localValue: Value, remoteValue: Value, reason: string): ConflictFields {
    const path = toPointer(this.location);
    const stamp = (stamps: WriteStamps | undefined): WriteStamp | undefined =>
      typeof stamps === 'function' ? stamps(path) : stamps;
    return {
      location: this.location,
      subject: this.#subject,
      baseValue,
      localValue,
      remoteValue,
      reason,
      localStamp: stamp(this.#localStamps),
      remoteStamp: stamp(this.#remoteStamps),
    };
  }

  /** What the value here is called in a reason. */
  name(): string {
    const last = this.location.at(-1);
    if (last === undefined) return 'the whole value';
    if (typeof last === 'string') return `"${last}"`;
    return `the item with ${last.key ?? 'identity'} ${JSON.stringify(last.value)}`;
  }
}

const shapeOf = (value: JsonValue) =>
  Array.isArray(value) ? 'an array' : isPlainObject(value) ? 'an object' : 'a plain value';
