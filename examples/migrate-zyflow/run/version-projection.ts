import { isMigrationError, jsonEqual, type MVCCController, type Subscription } from '@zyflow/migration';
import type { NextSystem } from '../next/next-system.ts';
import type { SeenTask } from '../workspace/task-system.ts';

/** Keeps a version of every state that a task has been in, from the events. An event that comes twice adds nothing. */
export class VersionProjection {
  readonly #next: NextSystem;
  readonly #versions: MVCCController<SeenTask>;

  constructor(next: NextSystem, versions: MVCCController<SeenTask>) {
    this.#next = next;
    this.#versions = versions;
  }

  start(): Subscription {
    return this.#next.store.subscribe({
      name: 'versions',
      handle: async ({ stream, data }) => {
        const { taskId } = data as { taskId?: string };
        const [kind, projectId, changeId] = stream.split('/').map(decodeURIComponent);
        if (kind !== 'change' || taskId === undefined || !changeId) return;
        const view = await this.#next.view({ projectId: projectId!, changeId });
        const task = view.seen().tasks.find(({ id }) => id === taskId);
        if (task) await this.#keep(task);
      },
    });
  }

  async #keep(task: SeenTask): Promise<void> {
    for (;;) {
      const latest = await this.#versions.readVersion(task.id);
      if (latest && jsonEqual(latest.state, task)) return;
      try {
        await this.#versions.writeVersion(task.id, task, latest?.version ?? 0);
        return;
      } catch (error) {
        if (!isMigrationError(error, 'CONCURRENCY_CONFLICT')) throw error;
      }
    }
  }
}
