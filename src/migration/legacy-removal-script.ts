import { lstat, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { findReferences, type LegacyReference, portable } from './legacy-references.ts';
import { move, RemovalArchive } from './removal-archive.ts';
import {
  ArchiveConflictError,
  LegacyStillReferencedError,
  RemovalFailedError,
  UnsafePathError,
} from './removal-errors.ts';

/** Options of a {@link LegacyRemovalScript}. */
export interface LegacyRemovalScriptOptions {
  /** The folder that all components are in. */
  readonly root: string;
  /** Files and folders to remove, relative to the root. */
  readonly components: readonly string[];
  /** Default true: say what would be done, change nothing. */
  readonly dryRun?: boolean;
  /** The folder the components are moved to, on the same file system; one removal an archive. Default `.legacy-archive` in the root. */
  readonly archive?: string;
  /** Names of folders that are not searched for references. Default `node_modules`, `.git`, `dist`. */
  readonly ignoredFolders?: readonly string[];
}

/** One component, as it was found. */
export interface RemovedComponent {
  /** Relative to the root. */
  readonly path: string;
  /** Size of its files together. */
  readonly bytes: number;
  /** How many files it has; 1 for a file. */
  readonly files: number;
}

/** What a removal did, or in a dry run would do. */
export interface RemovalReport {
  readonly applied: boolean;
  /** Where the components are, or would be. */
  readonly archive: string;
  readonly removed: readonly RemovedComponent[];
  /** The components that don't exist. */
  readonly missing: readonly string[];
  /** What still names a component; only a dry run goes on in spite of it. */
  readonly references: readonly LegacyReference[];
}

/**
 * Takes legacy components out of a folder, so that they can be put back.
 *
 * A dry run by default. Otherwise all components are moved into an archive, or none is; after a crash the next call
 * finishes, and `restore()` puts everything back where it was. Nothing outside the root is touched, and nothing is removed
 * that a source file outside the components still names.
 */
export class LegacyRemovalScript {
  readonly #root: string;
  readonly #components: readonly string[];
  readonly #dryRun: boolean;
  readonly #archive: string;
  readonly #ignoredFolders: ReadonlySet<string>;

  /**
   * @throws {@link InvalidArgumentError} if there is no component, or one contains another or the archive.
   * @throws {@link UnsafePathError} if a component's path leads out of the root.
   */
  constructor(options: LegacyRemovalScriptOptions) {
    checkObject(options);
    for (const name of ['root', 'archive'] as const) {
      const path = options[name];
      if (typeof path !== 'string' && !(name === 'archive' && path === undefined))
        throw new InvalidArgumentError(`options.${name}`, 'the path of a folder', path);
    }
    if (!Array.isArray(options.components))
      throw new InvalidArgumentError('options.components', 'a list of paths', options.components);
    this.#root = resolve(options.root);
    this.#archive = resolve(options.archive ?? join(this.#root, '.legacy-archive'));
    this.#components = options.components.map(insideRoot);
    this.#dryRun = options.dryRun ?? true;
    this.#ignoredFolders = new Set(options.ignoredFolders ?? ['node_modules', '.git', 'dist']);
    assertApart(this.#components, portable(relative(this.#root, this.#archive)));
  }

  /**
   * Moves the components into the archive; in a dry run, says what would be moved.
   *
   * @throws {@link UnsafePathError} if a symbolic link is on the way to a component.
   * @throws {@link LegacyStillReferencedError} if something names a component (not in a dry run).
   * @throws {@link ArchiveConflictError} if the archive holds another removal, or a component was made anew since.
   * @throws {@link RemovalFailedError} if moving failed; those moved before it were moved back.
   */
  async removeLegacyComponents(): Promise<RemovalReport> {
    const { archive, inRoot, inArchive, isOpen, root } = await this.#look();
    const present = new Set([...inRoot, ...inArchive]);
    const references = inRoot.length === 0 ? [] : await this.#references(root, inRoot);
    const removed: RemovedComponent[] = [];
    for (const path of this.#components) {
      if (!present.has(path)) continue;
      const size = await sizeOf(inRoot.includes(path) ? join(root, path) : archive.pathOf(path));
      removed.push(Object.freeze({ path, ...size }));
    }
    if (!this.#dryRun) {
      if (references.length > 0) throw new LegacyStillReferencedError(references);
      if (inRoot.length > 0) await this.#moveAll(archive, root, inRoot, isOpen);
    }
    return Object.freeze({
      applied: !this.#dryRun,
      archive: this.#archive,
      removed: Object.freeze(removed),
      missing: Object.freeze(this.#components.filter((path) => !present.has(path))),
      references: Object.freeze(references),
    });
  }

  /**
   * Puts the components back where they were; does nothing where nothing was removed.
   *
   * @returns The paths restored.
   * @throws {@link ArchiveConflictError} if something new is in the place of a component; nothing was moved.
   */
  async restore(): Promise<readonly string[]> {
    const { archive, inArchive, isOpen, root } = await this.#look();
    for (const path of inArchive) await move(archive.pathOf(path), join(root, path));
    if (isOpen) await archive.close();
    return Object.freeze(inArchive);
  }

  async #look() {
    const root = await realFolder(this.#root);
    const archive = new RemovalArchive(this.#archive, this.#root, this.#components);
    const isOpen = await archive.isOpen();
    const inRoot: string[] = [];
    const inArchive: string[] = [];
    for (const path of this.#components) {
      if (await isThere(root, path)) inRoot.push(path);
      if (!isOpen || !(await exists(archive.pathOf(path)))) continue;
      if (inRoot.includes(path)) {
        throw new ArchiveConflictError(
          path,
          `is in the archive and in the root: move the new one away, or ${this.#archive}`,
        );
      }
      inArchive.push(path);
    }
    return { archive, inRoot, inArchive, isOpen, root };
  }

  #references(root: string, components: readonly string[]): Promise<LegacyReference[]> {
    // The root's real path, and so the archive's within it.
    const archive = join(root, relative(this.#root, this.#archive));
    return findReferences(root, components, { names: this.#ignoredFolders, path: archive });
  }

  async #moveAll(archive: RemovalArchive, root: string, paths: readonly string[], isOpen: boolean): Promise<void> {
    if (!isOpen) await archive.open();
    const moved: string[] = [];
    for (const path of paths) {
      try {
        await move(join(root, path), archive.pathOf(path));
        moved.push(path);
      } catch (cause) {
        throw new RemovalFailedError(path, cause, await undo(archive, root, moved, isOpen));
      }
    }
  }
}

/** Moves back what was moved; gives what went wrong with it, undefined if nothing did. */
async function undo(
  archive: RemovalArchive,
  root: string,
  moved: readonly string[],
  wasOpen: boolean,
): Promise<unknown> {
  try {
    for (const path of moved.toReversed()) await move(archive.pathOf(path), join(root, path));
    if (!wasOpen) await archive.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function realFolder(path: string): Promise<string> {
  const real = await realpath(path).catch((cause) => {
    throw new InvalidArgumentError('root', 'a folder that exists', path, { cause });
  });
  if (!(await lstat(real)).isDirectory()) throw new InvalidArgumentError('root', 'a folder', path);
  return real;
}

function insideRoot(component: string): string {
  const path = portable(normalize(component)).replace(/\/+$/, '');
  const outside = component === '' || path === '.' || isAbsolute(component) || path === '..' || path.startsWith('../');
  if (outside || component.includes('\0')) throw new UnsafePathError(component, 'is not a path inside the root');
  return path;
}

function assertApart(components: readonly string[], archive: string): void {
  if (components.length === 0) throw new InvalidArgumentError('components', 'at least one', components);
  const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
  for (const [index, path] of components.entries()) {
    const other = components.find((each, i) => i !== index && within(each, path));
    if (other !== undefined)
      throw new InvalidArgumentError('components', `no component inside another ("${path}")`, other);
    if (within(archive, path) || within(path, archive)) {
      throw new InvalidArgumentError('archive', `a folder apart from the components ("${path}")`, archive);
    }
  }
}

/** Whether the component is there; refuses to follow a symbolic link to it. */
async function isThere(root: string, path: string): Promise<boolean> {
  const place = join(root, path);
  if (!(await exists(place))) return false;
  const real = await realpath(place).catch((cause) => {
    throw new UnsafePathError(path, 'is a symbolic link to nothing', { cause });
  });
  if (real !== place) throw new UnsafePathError(path, `leads to "${real}"`);
  return true;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function sizeOf(path: string): Promise<{ bytes: number; files: number }> {
  const self = await lstat(path);
  if (!self.isDirectory()) return { bytes: self.size, files: 1 };
  let bytes = 0;
  let files = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    bytes += (await lstat(join(entry.parentPath, entry.name))).size;
    files += 1;
  }
  return { bytes, files };
}
