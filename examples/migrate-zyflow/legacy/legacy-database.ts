import Database from 'libsql';

export type LegacyDatabase = Database.Database;

/** ZyFlow's own tables, as far as tasks go. */
const schema = `
  CREATE TABLE IF NOT EXISTS sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL DEFAULT 0);
  INSERT OR IGNORE INTO sequences (name, value) VALUES ('task_inbox', 0), ('task_moai', 0);
  CREATE TABLE IF NOT EXISTS changes (
    id TEXT NOT NULL, project_id TEXT NOT NULL, title TEXT NOT NULL, spec_path TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'completed', 'archived')),
    current_stage TEXT NOT NULL DEFAULT 'spec', progress INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (id, project_id)
  );
  CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY, project_id TEXT NOT NULL, change_id TEXT, stage TEXT NOT NULL DEFAULT 'task',
    title TEXT NOT NULL, description TEXT,
    status TEXT NOT NULL DEFAULT 'todo' CHECK (status IN ('todo', 'in-progress', 'review', 'done', 'archived')),
    priority TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high')),
    tags TEXT, assignee TEXT, "order" INTEGER NOT NULL DEFAULT 0, group_title TEXT,
    group_order INTEGER NOT NULL DEFAULT 0, task_order INTEGER NOT NULL DEFAULT 0, major_title TEXT,
    sub_order INTEGER, display_id TEXT,
    origin TEXT NOT NULL DEFAULT 'inbox' CHECK (origin IN ('moai', 'inbox', 'imported', 'backlog')),
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, archived_at INTEGER
  );
  CREATE INDEX IF NOT EXISTS idx_tasks_change ON tasks (change_id);
`;

/** Opens ZyFlow's database as its server does, and makes what is missing in it. Whoever opened it closes it. */
export function openLegacyDatabase(file: string): LegacyDatabase {
  const db = new Database(file);
  db.pragma('busy_timeout = 5000');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL'); // better-sqlite3's own default in WAL
  db.exec(schema);
  return db;
}
