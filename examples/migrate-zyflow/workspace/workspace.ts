import type { ProjectFolder } from './task-system.ts';

/** A tasks.md of a project. */
export interface ChangeFile {
  readonly changeId: string;
  /** Below `openspec/changes/archive/`. */
  readonly archived: boolean;
  /** Absolute. */
  readonly path: string;
}

interface WorkspaceProject extends ProjectFolder {
  /** By change id; found when the workspace was made. */
  readonly files: readonly ChangeFile[];
}

/** The folders and the database that a migration works on: always its own, never somebody's originals. */
export interface Workspace {
  /** Holds everything below; may be deleted as a whole. */
  readonly root: string;
  readonly projects: readonly WorkspaceProject[];
  /** ZyFlow's `tasks.db`. */
  readonly databaseFile: string;
  /** What somebody who runs the migration should know, such as where the copy was taken from. */
  readonly notes: readonly string[];
}
