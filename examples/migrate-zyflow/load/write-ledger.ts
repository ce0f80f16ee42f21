import type { ChangeRef } from '../workspace/task-system.ts';

export type WrittenField = 'title' | 'completed' | 'status' | 'assignee' | 'priority' | 'description';

/** One write, from before it is sent. */
export interface WriteAttempt {
  acknowledged(value?: string): void;
  /** It was refused or broke off: it may have taken effect or not. */
  failed(): void;
}

/** What a field must hold in the end. */
export interface ExpectedField {
  readonly change: ChangeRef;
  /** The task's first title, by which it is known throughout. */
  readonly task: string;
  readonly field: WrittenField;
  /** The last acknowledged value. */
  readonly value: string;
  /** What it may hold instead: values of later writes whose outcome nobody knows. */
  readonly orElse: readonly string[];
}

/**
 * Every write that was sent, and what was said of it, kept outside of the system that is tested.
 *
 * Each field of a task has one writer at a time, so the last acknowledged value is the one that must be there in the end.
 */
export class WriteLedger {
  readonly #fields = new Map<string, ExpectedField & { orElse: string[] }>();
  #acknowledged = 0;

  /** Writes acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  begin(change: ChangeRef, task: string, field: WrittenField, value: string): WriteAttempt {
    const key = JSON.stringify([change.projectId, change.changeId, task, field]);
    return {
      acknowledged: (actual = value) => {
        this.#acknowledged++;
        this.#fields.set(key, { change, task, field, value: actual, orElse: [] });
      },
      failed: () => void this.#fields.get(key)?.orElse.push(value),
    };
  }

  expected(): ExpectedField[] {
    return [...this.#fields.values()].map((field) => ({ ...field, orElse: [...field.orElse] }));
  }
}
