import {
  AutoConflictResolver,
  ConflictType,
  LastWriterWinsStrategy,
  MergeStrategy,
  PreserveStrategy,
  SyncCoordinator,
  ThreeWayConflictDetector,
} from '@zyflow/migration';
import { seededRandom } from '../workspace/random.ts';
import type { SeenTask } from '../workspace/task-system.ts';

/** What came of edits that met. */
export interface ConflictFigures {
  readonly records: number;
  readonly conflicts: number;
  readonly resolved: number;
  /** Changes of either side that are in the state, in a decision or left to a person: must be all of them (CF5). */
  readonly changes: number;
  readonly kept: number;
}

interface TaskState {
  readonly title: string;
  readonly status: string;
  readonly priority: string;
  readonly assignee: string | null;
  readonly tags: readonly string[];
}

/**
 * Lets a file edit and an application edit of every task meet, as they do in ZyFlow between two syncs, and has the library
 * settle them. Every tenth pair comes without the times that last-writer-wins needs: those stay for a person.
 */
export async function conflictDrill(tasks: readonly SeenTask[], seed: number): Promise<ConflictFigures> {
  const random = seededRandom(seed);
  const coordinator = new SyncCoordinator({
    conflictDetector: new ThreeWayConflictDetector(),
    conflictResolver: new AutoConflictResolver({
      strategies: new Map([
        [ConflictType.FIELD_CONFLICT, new LastWriterWinsStrategy()],
        [ConflictType.STRUCTURAL_CONFLICT, new MergeStrategy()],
        [ConflictType.DELETION_CONFLICT, new PreserveStrategy()],
      ]),
    }),
  });
  const figures = { records: tasks.length, conflicts: 0, resolved: 0, changes: 0, kept: 0 };
  for (const { title, status, priority, assignee } of tasks) {
    const base: TaskState = { title, status, priority, assignee, tags: ['imported'] };
    const local: TaskState = {
      ...base,
      title: random.chance(0.6) ? `${title}, in the file` : title,
      tags: ['imported', 'spec'],
    };
    const remote: TaskState = {
      ...base,
      ...(random.chance(0.5) && { title: `${title}, on the board` }),
      ...(random.chance(0.5) && { assignee: 'somebody' }),
      tags: ['imported', 'board'],
    };
    const isTimed = random.chance(0.9);
    const { state, conflicts, resolutions } = await coordinator.reconcile<TaskState>({
      base,
      local,
      remote,
      ...(isTimed && {
        localStamps: { timestamp: 2, nodeId: 'file' },
        remoteStamps: { timestamp: 3, nodeId: 'board' },
      }),
    });
    figures.conflicts += conflicts.length + resolutions.length;
    figures.resolved += resolutions.length;
    const recorded = JSON.stringify([state, conflicts, resolutions]);
    for (const side of [local, remote]) {
      for (const field of ['title', 'assignee', 'tags'] as const) {
        if (JSON.stringify(side[field]) === JSON.stringify(base[field])) continue;
        figures.changes++;
        const values = [side[field] ?? ''].flat().filter((value) => value !== 'imported');
        if (values.every((value) => recorded.includes(JSON.stringify(value)))) figures.kept++;
      }
    }
  }
  await coordinator.close();
  return figures;
}
