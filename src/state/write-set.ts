import type { JsonValue } from '../core/json-value.ts';
import type { CommitRequest } from './version-store.ts';

/** What takes effect together, if its checks hold. */
export type Changes = Pick<CommitRequest, 'writes' | 'checks'>;

/** A state to write; undefined deletes. */
export type NewState = JsonValue | undefined;

/** A change of all aggregates whose ids begin so, to be made of what is there when the transaction commits. */
export interface Statement {
  readonly prefix: string;
  /** What becomes of a state; the state itself where it stays. */
  readonly change: (state: JsonValue, aggregateId: string) => Promise<NewState>;
}

/** Writes named by their id, in the order of their first, or one statement over many. */
export type Step = ReadonlyMap<string, NewState> | Statement;

/** What a transaction has written so far, and how to undo the end of it. */
export class WriteSet {
  readonly #view = new Map<string, NewState>();
  /** What has to run again when the transaction commits, once there is a statement. */
  readonly #steps: (Map<string, NewState> | Statement)[] = [];
  /** How to undo each write since the oldest savepoint, the last one last. */
  readonly #undo: (() => void)[] = [];
  /** Where in that the open savepoints are. */
  readonly #savepoints: { readonly length: number }[] = [];

  /** What it writes, as it looks now. */
  get view(): ReadonlyMap<string, NewState> {
    return this.#view;
  }

  /** What led to the view in order, if it has statements; otherwise the view says it all. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  set(aggregateId: string, state: NewState): void {
    this.#put(this.#view, aggregateId, state);
    if (this.#steps.length === 0) return;
    let last = this.#steps.at(-1)!;
    if (!(last instanceof Map)) {
      last = new Map();
      this.#push(last);
    }
    this.#put(last, aggregateId, state);
  }

  /** Adds a statement; what it makes of the present states goes into the view alone. */
  add(statement: Statement, effects: ReadonlyMap<string, NewState>): void {
    if (this.#steps.length === 0) this.#push(new Map(this.#view));
    this.#push(statement);
    for (const [aggregateId, state] of effects) this.#put(this.#view, aggregateId, state);
  }

  /** Remembers this point. @returns Its handle. */
  savepoint(): object {
    const savepoint = { length: this.#undo.length };
    this.#savepoints.push(savepoint);
    return savepoint;
  }

  /** Undoes what was written since; later savepoints are gone, this one stays. @returns Whether the savepoint is open. */
  rollbackTo(savepoint: object): boolean {
    const index = this.#savepoints.indexOf(savepoint as never);
    if (index < 0) return false;
    this.#savepoints.length = index + 1;
    while (this.#undo.length > this.#savepoints[index]!.length) this.#undo.pop()!();
    return true;
  }

  /** Forgets the point and later ones, keeping what was written. @returns Whether the savepoint was open. */
  release(savepoint: object): boolean {
    const index = this.#savepoints.indexOf(savepoint as never);
    if (index < 0) return false;
    this.#savepoints.length = index;
    if (index === 0) this.#undo.length = 0;
    return true;
  }

  #put(map: Map<string, NewState>, aggregateId: string, state: NewState): void {
    if (this.#savepoints.length > 0) {
      const before = map.get(aggregateId);
      this.#undo.push(map.has(aggregateId) ? () => map.set(aggregateId, before) : () => map.delete(aggregateId));
    }
    map.set(aggregateId, state);
  }

  #push(step: Map<string, NewState> | Statement): void {
    if (this.#savepoints.length > 0) this.#undo.push(() => this.#steps.pop());
    this.#steps.push(step);
  }
}
