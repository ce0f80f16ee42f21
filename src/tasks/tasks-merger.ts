import { applyResolutions } from '../conflicts/apply-resolutions.ts';
import { Conflict } from '../conflicts/conflict.ts';
import type { JsonObject } from '../core/json-value.ts';
import type { StateMerger } from '../sync/state-merger.ts';
import { mergeTasks } from './merge-tasks.ts';
import { type Block, blocksOf, printLine } from './task-blocks.ts';
import { TasksDocument } from './tasks-document.ts';

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
    const isText = (location: Conflict['location']) => location[0] === 'text';
    const { text } = applyResolutions(
      state,
      resolutions.filter(({ conflict }) => isText(conflict.location)),
    );
    const before = TasksDocument.parse(base.text);
    const blocks: readonly Block[] = blocksOf(TasksDocument.parse(text, { previous: before }), before);
    const decided = applyResolutions(
      blocks,
      resolutions.filter(({ conflict }) => !isText(conflict.location)),
    );
    return {
      text: decided === blocks ? text : decided.map((block) => block.lead + printLine(block) + block.body).join(''),
    };
  },
};
