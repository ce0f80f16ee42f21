import { applyResolutions } from '../conflicts/apply-resolutions.ts';
import { Conflict } from '../conflicts/conflict.ts';
import type { ConflictResolution } from '../conflicts/conflict-resolution.ts';
import type { JsonObject } from '../core/json-value.ts';
import type { StateMerger } from '../sync/state-merger.ts';
import { applyTaskResolutions } from './apply-task-resolutions.ts';
import { mergeTasks } from './merge-tasks.ts';

/** A tasks.md as a record: its text, byte for byte. */
export interface TasksFile extends JsonObject {
  readonly text: string;
}

/** Merges task files by tasks, headings and texts, for a `SyncCoordinator` (SY5). See {@link mergeTasks}. */
export const tasksMerger: StateMerger<TasksFile> = {
  merge({ base, local, remote }) {
    const { text, conflicts } = mergeTasks({ base: base.text, local: local.text, remote: remote.text });
    // A conflict about the whole file is one about its text.
    const located = conflicts.map((conflict) =>
      conflict.location.length > 0 ? conflict : Conflict.fromJSON({ ...conflict.toJSON(), location: ['text'] }),
    );
    return { state: { text }, conflicts: located };
  },
  apply(state, resolutions, base = state) {
    const isWhole = ({ conflict }: ConflictResolution) => conflict.location[0] === 'text';
    const { text } = applyResolutions(state, resolutions.filter(isWhole));
    const parts = resolutions.filter((resolution) => !isWhole(resolution));
    return { text: parts.length === 0 ? text : applyTaskResolutions(text, parts, base.text) };
  },
};
