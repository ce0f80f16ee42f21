import { statSync } from 'node:fs';
import { join } from 'node:path';
import { liveChangeIds } from './sync-changes.ts';

/**
 * Polls every tasks.md of a project as ZyFlow's watcher does: every 300 ms, by time and size, additions and changes only.
 *
 * A file is taken as it is found, also in the middle of being written, and a sync that failed is not tried again.
 */
export function startTasksWatcher(
  projectPath: string,
  onChange: (changeId: string) => Promise<unknown>,
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  const look = () =>
    new Map(
      liveChangeIds(projectPath).map((changeId) => {
        const stats = statSync(join(projectPath, 'openspec', 'changes', changeId, 'tasks.md'), {
          throwIfNoEntry: false,
        });
        return [changeId, stats && `${stats.mtimeMs} ${stats.size}`];
      }),
    );
  let seen = look();
  const running = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const found = look();
    for (const [changeId, state] of found) {
      if (state === undefined || seen.get(changeId) === state) continue;
      const sync = onChange(changeId).catch(onError);
      running.add(sync);
      void sync.finally(() => running.delete(sync));
    }
    seen = found;
  }, 300);
  return {
    async close() {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}
