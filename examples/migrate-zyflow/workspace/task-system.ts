/** What one can do with a ZyFlow server, the old one as the new: what the measures and the load are written against. */

/** One change of one project. */
export interface ChangeRef {
  readonly projectId: string;
  readonly changeId: string;
}

/** A project's folder, the one that holds `openspec/`. */
export interface ProjectFolder {
  readonly id: string;
  readonly path: string;
}

export type TaskStatus = 'todo' | 'in-progress' | 'review' | 'done' | 'archived';
export type TaskPriority = 'low' | 'medium' | 'high';

/** The fields that belong to the database: people set them in the application, no file holds them. */
export interface RuntimeFields {
  readonly status?: TaskStatus;
  readonly priority?: TaskPriority;
  readonly assignee?: string;
  readonly description?: string;
}

/** A task as the system shows it. */
export interface SeenTask {
  /** The system's own name for the task, for as long as the system takes it for the same. */
  readonly id: string;
  readonly title: string;
  readonly status: TaskStatus;
  readonly priority: TaskPriority;
  readonly assignee: string | null;
  readonly description: string | null;
  /** As the system reports it; it should be ms since 1970. */
  readonly updatedAt: number;
}

/** A change as the system shows it, archived tasks included. */
export interface SeenChange {
  /** Percent 0-100, whole. */
  readonly progress: number;
  readonly tasks: readonly SeenTask[];
}

export interface TaskSystem {
  change(change: ChangeRef): Promise<SeenChange>;
  /** Ticks or unticks. Resolves when acknowledged, with what the checkbox is said to be now. */
  toggle(change: ChangeRef, taskId: string): Promise<boolean>;
  update(change: ChangeRef, taskId: string, fields: RuntimeFields): Promise<void>;
  /** Makes a task that stands in no file (ZyFlow's inbox); resolves with its id. */
  createTask(projectId: string, title: string): Promise<string>;
  /** Brings the change's tasks.md into the database, now. */
  sync(change: ChangeRef): Promise<void>;
  /** From now on brings every saved tasks.md in by itself. */
  watch(): Promise<{ close(): Promise<void> }>;
  /** Resolves when all that was acknowledged and saved so far can be seen in `change`. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly projects: readonly ProjectFolder[];
  /** The SQLite file; created with its tables where it is missing. Several processes may have it open. */
  readonly databaseFile: string;
  /** Ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** How the legacy system knows a task again: by title as it does today, or by position as it did before 351d614. */
  readonly legacyIdentity?: 'title' | 'position';
}

/** A kind of system: the measures open as many as they need, each on a folder of its own. */
export interface SystemUnderTest {
  readonly name: string;
  /** URL of the module whose default export is this object, for processes that have to open it too. */
  readonly module: string;
  open(options: OpenOptions): Promise<TaskSystem>;
}
