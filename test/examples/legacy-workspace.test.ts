import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLegacyDatabase } from '../../examples/migrate-zyflow/legacy/legacy-database.ts';
import { checkboxes } from '../../examples/migrate-zyflow/workspace/checkboxes.ts';
import { copyStable } from '../../examples/migrate-zyflow/workspace/copy-stable.ts';
import { copyWorkspace } from '../../examples/migrate-zyflow/workspace/copy-workspace.ts';
import { findChanges } from '../../examples/migrate-zyflow/workspace/find-changes.ts';
import { makeWorkspace } from '../../examples/migrate-zyflow/workspace/make-workspace.ts';
import { openSqlite } from '../sqlite-driver.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workspace-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Every file with its content and time: equal only if nothing was written, not even the same again. */
async function imageOf(path: string): Promise<Record<string, string>> {
  const image: Record<string, string> = {};
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const { mtimeMs } = await stat(file);
    image[relative(path, file)] = `${mtimeMs} ${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}`;
  }
  return image;
}

describe('a workspace that is made', () => {
  it('has several hundred tasks in files and rows, the same for the same seed', async () => {
    const made = await makeWorkspace(join(folder, 'a'), 7);
    const again = await makeWorkspace(join(folder, 'b'), 7);
    const other = await makeWorkspace(join(folder, 'c'), 8);
    const content = async ({ projects, databaseFile }: typeof made) => {
      const files = projects.flatMap((project) => project.files);
      const texts = await Promise.all(files.map(({ path }) => readFile(path, 'utf8')));
      const db = openSqlite(databaseFile);
      const rows = ['tasks', 'changes', 'sequences'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
      db.close();
      return { texts, rows };
    };
    const { texts, rows } = await content(made);
    expect(await content(again)).toEqual({ texts, rows });
    expect((await content(other)).texts).not.toEqual(texts);
    expect(texts.flatMap((text) => checkboxes(text)).length).toBeGreaterThan(400);
    expect(made.projects.map(({ id, files }) => [id, files.length])).toEqual([
      ['shop', 18],
      ['back-office', 2],
    ]);
    expect(made.projects[0]!.files.filter(({ archived }) => archived)).toHaveLength(4);
    const statuses = new Set((rows[0] as { status: string }[]).map(({ status }) => status));
    expect([...statuses].sort()).toEqual(['archived', 'done', 'in-progress', 'review', 'todo']);
    const times = (rows[0] as { updated_at: number }[]).map(({ updated_at }) => updated_at);
    expect([Math.min(...times) < 1e11, Math.max(...times) > 1e12]).toEqual([true, true]); // F10
  });
});

describe('a workspace that is copied', () => {
  const copy = (options: { folder?: string; databaseFile?: string; into?: string } = {}) =>
    copyWorkspace({ folder: join(folder, 'original', 'shop'), into: join(folder, 'copy'), ...options });
  const failure = async (options: Parameters<typeof copy>[0]) => {
    const before = await imageOf(folder);
    const error: unknown = await copy(options).catch((reason: unknown) => reason);
    expect(await imageOf(folder)).toEqual(before);
    expect(error).toMatchObject({ name: 'WorkspaceError' });
    const { code, message } = error as { code: string; message: string };
    return [code, message.replaceAll(folder, '')];
  };
  beforeEach(async () => {
    const { root } = await makeWorkspace(join(folder, 'made'), 7);
    const whole = (path: string) => !path.includes('tasks.db-');
    await cp(root, join(folder, 'original'), { recursive: true, filter: whole });
    await rm(root, { recursive: true });
  });

  it('has the files by the byte and the rows that are only in the log, and the original is not touched', async () => {
    const databaseFile = join(folder, 'original', 'tasks.db');
    const server = openLegacyDatabase(databaseFile); // it runs meanwhile
    server.prepare(`UPDATE tasks SET assignee = 'only in the log' WHERE id = 1`).run();
    expect(await readdir(join(folder, 'original'))).toContain('tasks.db-wal');
    const before = await imageOf(join(folder, 'original'));
    const made = await copy({ databaseFile });
    expect(await imageOf(join(folder, 'original'))).toEqual(before);
    server.close();
    expect(made.projects[0]).toMatchObject({ id: 'shop', path: join(folder, 'copy', 'shop') });
    expect(made.projects[0]!.files).toHaveLength(18);
    for (const { path } of made.projects[0]!.files) {
      const original = join(folder, 'original', relative(join(folder, 'copy'), path));
      expect((await readFile(path)).equals(await readFile(original))).toBe(true);
    }
    const db = openSqlite(made.databaseFile);
    expect(db.prepare('SELECT assignee FROM tasks WHERE id = 1').get()).toMatchObject({ assignee: 'only in the log' });
    db.close();
    expect(made.notes.join()).toContain('which is never written');
    expect(await readdir(folder)).toEqual(['copy', 'original']); // and no draft
  });

  it('can do without a database', async () => {
    const made = await copy();
    const db = openSqlite(made.databaseFile);
    expect(db.prepare('SELECT COUNT(*) AS count FROM changes').get()).toMatchObject({ count: 14 });
    db.close();
  });

  it('is refused where there is nothing to migrate', async () => {
    expect(await failure({ folder: join(folder, 'missing') })).toEqual([
      'WORKSPACE_NOT_FOUND',
      expect.stringMatching(/^\/missing: does not exist/),
    ]);
    expect(await failure({ folder: join(folder, 'original', 'tasks.db') })).toEqual([
      'WORKSPACE_NOT_FOUND',
      '/original/tasks.db: is not a folder',
    ]);
    expect(await failure({ folder: join(folder, 'original') })).toEqual([
      'NOT_A_WORKSPACE',
      expect.stringContaining('has no folder openspec/changes'),
    ]);
    await mkdir(join(folder, 'empty', 'openspec', 'changes'), { recursive: true });
    expect(await failure({ folder: join(folder, 'empty') })).toEqual([
      'NOT_A_WORKSPACE',
      expect.stringContaining('has no tasks.md'),
    ]);
  });

  it('is refused for a file that is not text', async () => {
    const file = join(folder, 'original', 'shop', 'openspec', 'changes', 'sign-webhooks', 'tasks.md');
    await writeFile(file, Buffer.from('- [ ] caf\xe9\n', 'latin1'));
    expect(await failure({})).toEqual([
      'BAD_FILE',
      expect.stringMatching(/sign-webhooks\/tasks.md: is not valid UTF-8/),
    ]);
    await writeFile(file, '- [ ] a\0b\n');
    expect(await failure({})).toEqual(['BAD_FILE', expect.stringContaining('NUL')]);
  });

  it('is refused for a database that is missing, none, damaged, or not the right one', async () => {
    const at = (name: string) => join(folder, name);
    expect((await failure({ databaseFile: at('missing.db') }))[0]).toBe('DATABASE_NOT_FOUND');
    expect((await failure({ databaseFile: folder }))[0]).toBe('DATABASE_UNREADABLE');
    await writeFile(at('text.db'), 'not a database');
    expect(await failure({ databaseFile: at('text.db') })).toEqual([
      'DATABASE_UNREADABLE',
      expect.stringContaining('is not a SQLite database'),
    ]);
    const bytes = await readFile(join(folder, 'original', 'tasks.db'));
    await writeFile(at('cut.db'), bytes.subarray(0, bytes.length / 2));
    expect((await failure({ databaseFile: at('cut.db') }))[0]).toBe('DATABASE_UNREADABLE');
    openSqlite(at('other.db')).exec(
      'CREATE TABLE tasks (id INTEGER); CREATE TABLE sequences (name TEXT, value INTEGER)',
    );
    expect(await failure({ databaseFile: at('other.db') })).toEqual([
      'NOT_ZYFLOW_DATABASE',
      expect.stringMatching(/lacks the column tasks.project_id.*the table changes/),
    ]);
    openLegacyDatabase(at('strange.db')).pragma('journal_mode = DELETE');
    expect(await failure({ databaseFile: at('strange.db') })).toEqual([
      'NOT_ZYFLOW_DATABASE',
      expect.stringContaining("knows none of the folder's changes"),
    ]);
  });

  it('never goes where something is', async () => {
    expect((await failure({ into: join(folder, 'original') }))[0]).toBe('BAD_TARGET');
    expect((await failure({ into: join(folder, 'original', 'shop', 'copy') }))[0]).toBe('BAD_TARGET');
    await copyFile(join(folder, 'original', 'tasks.db'), join(folder, 'file'));
    expect((await failure({ into: join(folder, 'file', 'below') }))[0]).toBe('BAD_TARGET');
  });

  it('waits until nobody writes to it, and says so if that does not come', async () => {
    const from = join(folder, 'busy.db');
    const to = join(folder, 'busy-copy.db');
    let written = 0;
    const write = () => writeFileSync(from, `state ${++written}`);
    write();
    const writer = setInterval(write, 1);
    const busy: unknown = await copyStable([{ from, to }], { attempts: 3 }).catch((error: unknown) => error);
    clearInterval(writer);
    expect(busy).toMatchObject({ code: 'SOURCE_CHANGING', path: from });
    await writeFile(`${to}-wal`, 'of an earlier attempt');
    await copyStable(['', '-wal'].map((suffix) => ({ from: `${from}${suffix}`, to: `${to}${suffix}` })));
    expect(await readFile(to, 'utf8')).toBe(`state ${written}`);
    expect(await readdir(folder)).not.toContain('busy-copy.db-wal');
  });

  it('knows archived changes by their names without dates, unless a name comes twice', async () => {
    const changes = join(folder, 'dated', 'openspec', 'changes');
    for (const name of ['one', 'archive/2026-01-01-one', 'archive/2026-01-02-two', 'archive/2026-01-03-two']) {
      await mkdir(join(changes, name), { recursive: true });
      await writeFile(join(changes, name, 'tasks.md'), '- [ ] a\n');
    }
    const found = await findChanges(join(folder, 'dated'));
    expect(found.map(({ changeId, archived }) => [changeId, archived])).toEqual([
      ['2026-01-01-one', true],
      ['2026-01-03-two', true],
      ['one', false],
      ['two', true],
    ]);
  });
});
