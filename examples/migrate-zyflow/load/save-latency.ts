import type { ChangeRef } from '../workspace/task-system.ts';
import { firstTitle, revision } from './title-revision.ts';

/** Measures how long after a file was saved a system has what is in it. */
export class SaveLatency {
  readonly #waiting = new Map<string, { task: string; revision: number; savedAt: number }[]>();
  readonly #samples: number[] = [];

  /** Call it right after saving a reworded task. */
  saved(change: ChangeRef, title: string): void {
    const key = `${change.projectId}/${change.changeId}`;
    const waiting = this.#waiting.get(key) ?? [];
    waiting.push({ task: firstTitle(title), revision: revision(title), savedAt: performance.now() });
    this.#waiting.set(key, waiting);
  }

  /** Call it with the titles that the system has now. A later wording counts for the earlier ones of the same task. */
  shown(change: ChangeRef, titles: Iterable<string>): void {
    const key = `${change.projectId}/${change.changeId}`;
    const waiting = this.#waiting.get(key);
    if (!waiting || waiting.length === 0) return;
    const now = performance.now();
    const revisions = new Map([...titles].map((title) => [firstTitle(title), revision(title)]));
    const left = waiting.filter((each) => (revisions.get(each.task) ?? -1) < each.revision);
    for (const each of waiting) if (!left.includes(each)) this.#samples.push(now - each.savedAt);
    this.#waiting.set(key, left);
  }

  /** Ms, in the order in which they were measured. */
  get samples(): readonly number[] {
    return this.#samples;
  }

  /** How many saves no system has shown yet. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }
}
