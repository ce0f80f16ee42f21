import type { RuntimeFields, SeenTask, TaskPriority, TaskStatus } from '../workspace/task-system.ts';
import type { LegacyDatabase } from './legacy-database.ts';

interface TaskRow {
  readonly id: number;
  readonly title: string;
  readonly status: TaskStatus;
  readonly priority: TaskPriority;
  readonly assignee: string | null;
  readonly description: string | null;
  readonly updated_at: number;
}

/**
 * The application's own reads and writes of task rows, as ZyFlow's `tasks/core/task.ts` does them.
 *
 * F8: inbox tasks are numbered by a sequence of their own, in the same primary key. F10: times go through a column type that
 * writes whole seconds and takes what it reads for ms.
 */
export class TaskRows {
  readonly #db: LegacyDatabase;
  readonly #now: () => number;

  constructor(db: LegacyDatabase, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  ofChange(projectId: string, changeId: string): SeenTask[] {
    const sql =
      'SELECT * FROM tasks WHERE project_id = ? AND change_id = ? ORDER BY group_order, sub_order, task_order, id';
    return (this.#db.prepare(sql).all(projectId, changeId) as TaskRow[]).map(
      ({ id, title, status, priority, assignee, description, updated_at }) => ({
        id: String(id),
        title,
        status,
        priority,
        assignee,
        description,
        updatedAt: updated_at,
      }),
    );
  }

  title(id: string): string {
    const row = this.#db.prepare('SELECT title FROM tasks WHERE id = ?').get(Number(id)) as TaskRow | undefined;
    if (!row) throw new Error(`Task not found: ${id}`);
    return row.title;
  }

  update(id: string, fields: RuntimeFields): void {
    const seconds = this.#seconds();
    const columns = Object.entries({ ...fields, updated_at: seconds, ...archivedAt(fields, seconds) });
    const sql = `UPDATE tasks SET ${columns.map(([column]) => `${column} = ?`).join(', ')} WHERE id = ?`;
    const { changes } = this.#db.prepare(sql).run(...columns.map(([, value]) => value), Number(id));
    if (changes === 0) throw new Error(`Task not found: ${id}`);
  }

  create(projectId: string, title: string): string {
    const next = `UPDATE sequences SET value = value + 1 WHERE name = 'task_inbox' RETURNING value`;
    const { value } = this.#db.prepare(next).get() as { value: number };
    const sql = 'INSERT INTO tasks (id, project_id, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)';
    this.#db.prepare(sql).run(value, projectId, title, this.#seconds(), this.#seconds());
    return String(value);
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }
}

const archivedAt = (fields: RuntimeFields, seconds: number) =>
  fields.status === 'archived' ? { archived_at: seconds } : {};
