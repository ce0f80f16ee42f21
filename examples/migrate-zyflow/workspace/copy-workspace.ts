import { lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { openLegacyDatabase } from '../legacy/legacy-database.ts';
import { syncFlowChanges } from '../legacy/sync-changes.ts';
import { copyDatabase } from './copy-database.ts';
import { copyStable } from './copy-stable.ts';
import { findChanges } from './find-changes.ts';
import type { Workspace } from './workspace.ts';
import { WorkspaceError, type WorkspaceProblem } from './workspace-error.ts';

export interface CopyWorkspaceOptions {
  /** Somebody's project, the folder that holds `openspec/`. Only read. */
  readonly folder: string;
  /** ZyFlow's `tasks.db`. Only read, and never opened as a database. Default: a new one, filled from the files. */
  readonly databaseFile?: string | undefined;
  /** Where the copy goes: a folder that is missing or empty, outside of `folder`. */
  readonly into: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies a real ZyFlow folder, so that the migration has something of its own to work on.
 *
 * All or nothing: where anything is wrong, `into` is left as it was.
 *
 * @throws {WorkspaceError} that says what is wrong, with which file, and what to do.
 */
export async function copyWorkspace(options: CopyWorkspaceOptions): Promise<Workspace> {
  const folder = await existingFolder(resolve(options.folder));
  const into = resolve(options.into);
  await checkTarget(into, folder);
  const draft = await makeDraft(into);
  try {
    const copied = await copyInto(draft, folder, options);
    await rm(into, { recursive: true, force: true }); // empty, as just checked
    await rename(draft, into);
    const path = join(into, basename(folder));
    return {
      root: into,
      projects: [{ id: copied.projectId, path, files: await findChanges(path) }],
      databaseFile: join(into, 'tasks.db'),
      notes: copied.notes,
    };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function copyInto(draft: string, folder: string, { databaseFile, signal }: CopyWorkspaceOptions) {
  const files = await findChanges(folder).catch((error: unknown) => {
    throw unreadable('NOT_A_WORKSPACE', join(folder, 'openspec', 'changes'), error);
  });
  if (files.length === 0) {
    const message = 'has no tasks.md below openspec/changes; give the folder that holds openspec/';
    throw new WorkspaceError('NOT_A_WORKSPACE', folder, message);
  }
  const project = { id: basename(folder), path: join(draft, basename(folder)) };
  for (const file of files) {
    const to = join(project.path, relative(folder, file.path));
    await mkdir(dirname(to), { recursive: true });
    await copyStable([{ from: file.path, to }], { signal }).catch((error: unknown) => {
      throw error instanceof WorkspaceError ? error : unreadable('BAD_FILE', file.path, error);
    });
    await checkText(to, file.path);
  }
  const notes = [`copied from ${folder}, which is never written`];
  if (databaseFile === undefined) {
    const db = openLegacyDatabase(join(draft, 'tasks.db'));
    syncFlowChanges(db, project, Date.now());
    db.pragma('journal_mode = DELETE');
    db.close();
    return {
      projectId: project.id,
      notes: [...notes, 'no database was given: the legacy sync makes one from the files'],
    };
  }
  const from = resolve(databaseFile);
  const changeIds = files.map(({ changeId }) => changeId);
  const { projectId, changesKnown } = await copyDatabase(from, join(draft, 'tasks.db'), changeIds, signal);
  notes.push(
    `copied from ${from}, which is never written: it knows the folder as project "${projectId}", and ${changesKnown} of its ${files.length} changes`,
  );
  return { projectId, notes };
}

async function existingFolder(folder: string): Promise<string> {
  const stats = await stat(folder).catch((error: unknown) => {
    throw unreadable('WORKSPACE_NOT_FOUND', folder, error);
  });
  const changes = join(folder, 'openspec', 'changes');
  if (!stats.isDirectory()) throw new WorkspaceError('WORKSPACE_NOT_FOUND', folder, 'is not a folder');
  const inner = await stat(changes).catch(() => undefined);
  if (inner?.isDirectory()) return realpath(folder);
  throw new WorkspaceError(
    'NOT_A_WORKSPACE',
    folder,
    'has no folder openspec/changes; give the folder that holds openspec/',
  );
}

async function checkTarget(into: string, folder: string): Promise<void> {
  const within = `${into}${sep}`.startsWith(`${folder}${sep}`);
  if (within) throw new WorkspaceError('BAD_TARGET', into, `lies within ${folder}, which must not be written`);
  const exists = await lstat(into).then(
    () => true,
    () => false,
  );
  if (exists && (await readdir(into)).length > 0) {
    throw new WorkspaceError('BAD_TARGET', into, 'is not empty; give a folder that is new');
  }
}

async function makeDraft(into: string): Promise<string> {
  try {
    await mkdir(dirname(into), { recursive: true });
    return await mkdtemp(`${into}.draft-`);
  } catch (cause) {
    const message = `cannot be made (${(cause as Error).message}); give a folder that can be written`;
    throw new WorkspaceError('BAD_TARGET', into, message, { cause });
  }
}

async function checkText(copy: string, original: string): Promise<void> {
  const bytes = await readFile(copy);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = 'is not valid UTF-8; save it as UTF-8 and start again';
    throw new WorkspaceError('BAD_FILE', original, message, { cause });
  }
  if (bytes.includes(0)) throw new WorkspaceError('BAD_FILE', original, 'holds NUL bytes, so it is no text file');
}

function unreadable(code: WorkspaceProblem, path: string, cause: unknown): WorkspaceError {
  const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
  return new WorkspaceError(code, path, `${reason} (${cause instanceof Error ? cause.message : String(cause)})`, {
    cause,
  });
}
