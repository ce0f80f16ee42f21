import { open, stat } from 'node:fs/promises';
import Database from 'libsql';
import { copyStable } from './copy-stable.ts';
import { WorkspaceError } from './workspace-error.ts';

/** What the migration reads and writes; other columns stay as they are. */
const needed: Readonly<Record<string, readonly string[]>> = {
  tasks: [
    'id',
    'project_id',
    'change_id',
    'title',
    'description',
    'status',
    'priority',
    'assignee',
    'order',
    'group_title',
  ]
    .concat(['group_order', 'task_order', 'major_title', 'sub_order', 'display_id', 'origin', 'created_at'])
    .concat(['updated_at', 'archived_at']),
  changes: ['id', 'project_id', 'title', 'status', 'progress', 'created_at', 'updated_at'],
  sequences: ['name', 'value'],
};

/**
 * Copies a SQLite database with its log by the bytes, so that not even side files appear beside the original, and checks
 * the copy.
 *
 * @returns The project that most of `changeIds` belong to.
 */
export async function copyDatabase(
  from: string,
  to: string,
  changeIds: readonly string[],
  signal?: AbortSignal,
): Promise<{ projectId: string; changesKnown: number }> {
  await checkHeader(from);
  const parts = ['', '-wal', '-journal'].map((suffix) => ({ from: `${from}${suffix}`, to: `${to}${suffix}` }));
  await copyStable(parts, { signal });
  const db = new Database(to);
  try {
    checkTables(db, from);
    // Puts the log into the file, so that nothing beside it belongs to it any more when it is moved to its place.
    db.pragma('journal_mode = DELETE');
    return findProject(db, from, changeIds);
  } catch (error) {
    if (error instanceof WorkspaceError) throw error;
    const message = `cannot be read as a database (${(error as Error).message}); restore it from a backup`;
    throw new WorkspaceError('DATABASE_UNREADABLE', from, message, { cause: error });
  } finally {
    db.close();
  }
}

async function checkHeader(path: string): Promise<void> {
  const header = Buffer.alloc(16);
  try {
    if (!(await stat(path)).isFile()) throw new WorkspaceError('DATABASE_UNREADABLE', path, 'is not a file');
    const file = await open(path, 'r');
    try {
      await file.read(header, 0, 16, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof WorkspaceError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? 'does not exist' : `cannot be read (${(cause as Error).message})`;
    throw new WorkspaceError(missing ? 'DATABASE_NOT_FOUND' : 'DATABASE_UNREADABLE', path, message, { cause });
  }
  if (header.toString('latin1') !== 'SQLite format 3\0') {
    throw new WorkspaceError('DATABASE_UNREADABLE', path, "is not a SQLite database; give ZyFlow's tasks.db");
  }
}

function checkTables(db: Database.Database, path: string): void {
  const [check] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (check?.quick_check !== 'ok') throw new Error(check?.quick_check);
  const missing = Object.entries(needed).flatMap(([table, columns]) => {
    const found = db.prepare('SELECT name FROM pragma_table_info(?)').all(table) as { name: string }[];
    if (found.length === 0) return [`the table ${table}`];
    const names = new Set(found.map(({ name }) => name));
    return columns.filter((column) => !names.has(column)).map((column) => `the column ${table}.${column}`);
  });
  if (missing.length === 0) return;
  const message = `lacks ${missing.join(', ')}; start ZyFlow 0.6 on it once, which brings its tables up to date`;
  throw new WorkspaceError('NOT_ZYFLOW_DATABASE', path, message);
}

/** One database holds all projects and none of their folders: the folder is the one whose changes it knows. */
function findProject(db: Database.Database, path: string, changeIds: readonly string[]) {
  const known = db
    .prepare(
      `SELECT project_id AS projectId, COUNT(DISTINCT change_id) AS changesKnown FROM (
         SELECT project_id, id AS change_id FROM changes UNION SELECT project_id, change_id FROM tasks
       ) WHERE change_id IN (SELECT value FROM json_each(?)) GROUP BY project_id ORDER BY changesKnown DESC, projectId`,
    )
    .get(JSON.stringify(changeIds)) as { projectId: string; changesKnown: number } | undefined;
  if (known) return known;
  const message = "knows none of the folder's changes; give the database of this folder, or none";
  throw new WorkspaceError('NOT_ZYFLOW_DATABASE', path, message);
}
