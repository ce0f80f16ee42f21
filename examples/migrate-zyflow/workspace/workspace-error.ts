export type WorkspaceProblem =
  | 'WORKSPACE_NOT_FOUND'
  | 'NOT_A_WORKSPACE'
  | 'BAD_FILE'
  | 'DATABASE_NOT_FOUND'
  | 'DATABASE_UNREADABLE'
  | 'NOT_ZYFLOW_DATABASE'
  | 'SOURCE_CHANGING'
  | 'BAD_TARGET';

/** What was given cannot be migrated. Nothing was written, and the originals are as they were. */
export class WorkspaceError extends Error {
  override readonly name = 'WorkspaceError';
  readonly code: WorkspaceProblem;
  readonly path: string;

  constructor(code: WorkspaceProblem, path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}
