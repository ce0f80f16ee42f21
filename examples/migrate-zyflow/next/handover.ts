import { type AppendRequest, checksum, type SyncSource, type SyncTarget, type TrafficTarget } from '@zyflow/migration';
import type { TaskView } from '@zyflow/migration/tasks';
import type { LegacyDatabase } from '../legacy/legacy-database.ts';
import type { ChangeRef, TaskPriority, TaskStatus } from '../workspace/task-system.ts';
import { type ChangeView, type RuntimeState, runtimeOf } from './change-view.ts';
import type { NextSystem } from './next-system.ts';

/** What the legacy database owns of one task: the unit that is handed over, there and back. */
export interface RuntimeRecord {
  /** Project, change, title and which of the tasks with this title it is. */
  readonly key: string;
  readonly change: ChangeRef;
  readonly legacyId: number | null;
  readonly title: string;
  readonly status: TaskStatus;
  readonly priority: TaskPriority;
  readonly assignee: string | null;
  readonly description: string | null;
  /** Ms since 1970. */
  readonly changedAt: number;
}

interface Row {
  readonly id: number;
  readonly title: string;
  readonly status: TaskStatus;
  readonly priority: TaskPriority;
  readonly assignee: string | null;
  readonly description: string | null;
  readonly updated_at: number;
}

/** F10: the legacy database holds times in ms and in seconds. */
const toMs = (time: number) => (time < 1e11 ? time * 1000 : time);

/** Hands the run-time fields of tasks from the legacy database to the new system, and back. */
export class Handover {
  readonly #legacy: LegacyDatabase;
  readonly #next: NextSystem;

  constructor(legacy: LegacyDatabase, next: NextSystem) {
    this.#legacy = legacy;
    this.#next = next;
  }

  /**
   * Sees to it that each change is with its owner: what moves is brought there first, then all of it is recorded at once
   * with the percentage it belongs to. A process that is killed before that starts again from the old owners.
   */
  async move(owners: ReadonlyMap<ChangeRef, TrafficTarget>, percent: number): Promise<void> {
    const moved: AppendRequest[] = [];
    for (const [change, owner] of owners) {
      const isOwned = (await this.ownedSince(change)) !== null;
      if (isOwned === (owner === 'new')) continue;
      if (owner === 'new') await this.#adopt(change);
      else await this.carryBack(change);
      moved.push({ stream: ownershipOf(change), events: [{ type: 'change.moved', data: { owner } }] });
    }
    const traffic = { stream: trafficStream, events: [{ type: 'traffic.set', data: { percent } }] };
    await this.#next.store.appendMany([...moved, traffic]);
  }

  /** The percentage that was recorded last; 0 if none was. */
  async recordedPercent(): Promise<number> {
    const [last] = await this.#next.store.read(trafficStream, { direction: 'backward', limit: 1 }).toArray();
    return last ? (last.data as { percent: number }).percent : 0;
  }

  /** Since when the new system owns the change, in ms since 1970; null if it does not. */
  async ownedSince(change: ChangeRef): Promise<number | null> {
    const [last] = await this.#next.store.read(ownershipOf(change), { direction: 'backward', limit: 1 }).toArray();
    return last && (last.data as { owner: string }).owner === 'new' ? last.timestamp.getTime() : null;
  }

  async #adopt(change: ChangeRef): Promise<void> {
    await this.#next.sync(change);
    await this.#write(change, this.records(change, await this.#next.view(change)));
  }

  /**
   * The legacy rows of tasks that the file still holds. A row whose task is gone from the file (F4) is not one of them:
   * it stays in the legacy database.
   */
  records(change: ChangeRef, view: ChangeView): RuntimeRecord[] {
    const tasks = keyed(change, view.tasks);
    return [...keyed(change, this.#rows(change))].flatMap(([key, row]) => {
      if (!tasks.has(key)) return [];
      const { id: legacyId, title, status, priority, assignee, description, updated_at } = row;
      return [{ key, change, legacyId, title, status, priority, assignee, description, changedAt: toMs(updated_at) }];
    });
  }

  /** Source, target and rules of the final synchronization. */
  async finalSync(changes: readonly ChangeRef[]) {
    const owned = new Map<string, number | null>();
    for (const change of changes) owned.set(keyOf(change), await this.ownedSince(change));
    const source: SyncSource<RuntimeRecord> = {
      extract: () => this.#extract(changes),
      keyOf: (record) => record.key,
    };
    const target: SyncTarget<RuntimeRecord> = {
      write: async (records) => {
        for (const change of changes) {
          const own = records.filter((record) => sameChange(record.change, change));
          if (own.length > 0) await this.#write(change, own);
        }
      },
      read: async (keys) => {
        const known = new Map<string, RuntimeRecord>();
        for (const change of changes) {
          for (const record of recordsOf(change, await this.#next.view(change))) known.set(record.key, record);
        }
        return keys.map((key) => known.get(key) ?? null);
      },
    };
    return {
      source,
      target,
      checksum: ({ status, priority, assignee, description }: RuntimeRecord) =>
        checksum({ board: isOnBoard(status) ? status : null, priority, assignee, description }),
      // The legacy sync writes the time of every row it passes: what counts is who has owned the change since when.
      isLater: (stored: RuntimeRecord) =>
        stored.changedAt > (owned.get(keyOf(stored.change)) ?? Number.POSITIVE_INFINITY),
      validate: (record: RuntimeRecord) => (record.title === '' ? ['the title is empty'] : []),
    };
  }

  /**
   * Brings what the new system holds of a change it owns into the legacy tables: nothing that was written since the cutover
   * is lost, also for tasks that the legacy system never saw (F1). Writes the same again when it is called again.
   *
   * @returns How many tasks were carried.
   */
  async carryBack(change: ChangeRef): Promise<number> {
    if (!(await this.ownedSince(change))) return 0;
    await this.#next.sync(change);
    const view = await this.#next.view(change);
    const seen = new Map(view.seen().tasks.map((task) => [task.id, task]));
    const rows = keyed(change, this.#rows(change));
    // Another project's sync may have taken a row over since (F6).
    const own = new Set([...rows.values()].map((row) => row.id));
    const db = this.#legacy;
    const update = db.prepare(
      'UPDATE tasks SET title = ?, status = ?, priority = ?, assignee = ?, description = ?, updated_at = ? WHERE id = ?',
    );
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const [key, task] of keyed(change, view.tasks)) {
        const { status, priority, assignee, description, updatedAt } = seen.get(task.taskUid)!;
        const { legacyId = -1 } = runtimeOf(task);
        const id = rows.get(key)?.id ?? (own.has(legacyId) ? legacyId : this.#insert(change, task, updatedAt));
        own.delete(id);
        update.run(task.title, status, priority, assignee, description, Math.floor(updatedAt), id);
      }
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
    return view.tasks.length;
  }

  #insert(change: ChangeRef, task: TaskView, time: number): number {
    const next = `UPDATE sequences SET value = max(value, (SELECT coalesce(max(id), 0) FROM tasks)) + 1
      WHERE name = 'task_moai' RETURNING value`;
    const { value } = this.#legacy.prepare(next).get() as { value: number };
    this.#legacy
      .prepare(
        `INSERT INTO tasks (id, project_id, change_id, title, group_title, display_id, created_at, updated_at, origin)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'moai')`,
      )
      .run(value, change.projectId, change.changeId, task.title, task.section.at(-1) ?? null, null, time, time);
    return value;
  }

  #rows({ projectId, changeId }: ChangeRef): Row[] {
    return this.#legacy
      .prepare(
        'SELECT * FROM tasks WHERE project_id = ? AND change_id = ? ORDER BY group_order, sub_order, task_order, id',
      )
      .all(projectId, changeId) as Row[];
  }

  async *#extract(changes: readonly ChangeRef[]): AsyncGenerator<RuntimeRecord> {
    for (const change of changes) yield* this.records(change, await this.#next.view(change));
  }

  async #write(change: ChangeRef, records: readonly RuntimeRecord[]): Promise<void> {
    await this.#next.setRuntime(change, (view) => {
      const tasks = keyed(change, view.tasks);
      return new Map(
        records.flatMap((record) => {
          const task = tasks.get(record.key);
          return task ? [[task.taskUid, fieldsOf(record)]] : [];
        }),
      );
    });
  }
}

function fieldsOf({ legacyId, status, priority, assignee, description, changedAt }: RuntimeRecord): RuntimeState {
  return {
    ...(legacyId !== null && { legacyId }),
    status,
    priority,
    ...(assignee !== null && { assignee }),
    ...(description !== null && { description }),
    changedAt,
  };
}

function recordsOf(change: ChangeRef, view: ChangeView): RuntimeRecord[] {
  return [...keyed(change, view.tasks)].map(([key, task]) => {
    const { legacyId = null, status = 'todo', priority = 'medium' } = runtimeOf(task);
    const { assignee = null, description = null, changedAt = 0 } = runtimeOf(task);
    return { key, change, legacyId, title: task.title, status, priority, assignee, description, changedAt };
  });
}

/** Tasks of one change by title; the second of a title is another task than the first. */
function keyed<T extends { readonly title: string }>(change: ChangeRef, items: readonly T[]): Map<string, T> {
  const counts = new Map<string, number>();
  return new Map(
    items.map((item) => {
      const nth = (counts.get(item.title) ?? 0) + 1;
      counts.set(item.title, nth);
      return [JSON.stringify([change.projectId, change.changeId, item.title, nth]), item];
    }),
  );
}

const trafficStream = 'traffic';
const isOnBoard = (status: TaskStatus) => status !== 'todo' && status !== 'done';
const keyOf = ({ projectId, changeId }: ChangeRef) => `${projectId}/${changeId}`;
const ownershipOf = (change: ChangeRef) => `ownership/${keyOf(change)}`;
const sameChange = (a: ChangeRef, b: ChangeRef) => keyOf(a) === keyOf(b);
