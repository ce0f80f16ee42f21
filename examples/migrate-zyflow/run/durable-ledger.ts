import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type WriteAttempt, WriteLedger, type WrittenField } from '../load/write-ledger.ts';
import type { ChangeRef } from '../workspace/task-system.ts';

/** A line of the file: what was begun, or that it was acknowledged. */
type Line =
  | {
      readonly begun: number;
      readonly change: ChangeRef;
      readonly task: string;
      readonly field: WrittenField;
      readonly value: string;
    }
  | { readonly acknowledged: number; readonly value?: string };

/**
 * A ledger that outlives the process: a write whose acknowledgement was given is known to the next one, and one that was
 * under way is known to be in doubt.
 *
 * Only writes that the new system owns are entered; the others go to a ledger of their own.
 */
export class DurableLedger extends WriteLedger {
  readonly #file: string;
  readonly #isOwned: (change: ChangeRef) => boolean;
  readonly others = new WriteLedger();
  #count = 0;

  constructor(file: string, isOwned: (change: ChangeRef) => boolean) {
    super();
    this.#file = file;
    this.#isOwned = isOwned;
    if (existsSync(file)) this.#load();
  }

  override begin(change: ChangeRef, task: string, field: WrittenField, value: string): WriteAttempt {
    if (!this.#isOwned(change)) return this.others.begin(change, task, field, value);
    const begun = ++this.#count;
    this.#write({ begun, change, task, field, value });
    const attempt = super.begin(change, task, field, value);
    return {
      acknowledged: (actual) => {
        this.#write({ acknowledged: begun, ...(actual !== undefined && { value: actual }) });
        attempt.acknowledged(actual);
      },
      failed: () => attempt.failed(),
    };
  }

  #write(line: Line): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  #load(): void {
    const open = new Map<number, WriteAttempt>();
    // A kill in the middle of a line leaves the beginning of one at the end: its write was not acknowledged.
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.map((text) => JSON.parse(text) as Line)) {
      if ('begun' in line) {
        this.#count = line.begun;
        open.set(line.begun, super.begin(line.change, line.task, line.field, line.value));
      } else {
        open.get(line.acknowledged)?.acknowledged(line.value);
        open.delete(line.acknowledged);
      }
    }
    for (const attempt of open.values()) attempt.failed();
  }
}
