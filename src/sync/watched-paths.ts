import { isAbsolute, relative, resolve, sep } from 'node:path';
import { InvalidArgumentError } from '../core/errors.ts';

interface Root {
  readonly given: string;
  readonly absolute: string;
}

/** The paths a caller asked to watch, and the names under which he knows what lies below them. */
export class WatchedPaths {
  /** Longest first, so that the nearest root names a file. */
  readonly #roots: readonly Root[];

  constructor(paths: string | readonly string[]) {
    const given = typeof paths === 'string' ? [paths] : paths;
    if (!Array.isArray(given) || given.length === 0) throw new InvalidArgumentError('path', 'a path or several', paths);
    this.#roots = given
      .map((path, index) => {
        if (typeof path !== 'string' || path === '' || path.includes('\0')) {
          throw new InvalidArgumentError(`path[${index}]`, 'a path: text that is not empty, without NUL', path);
        }
        return { given: path, absolute: resolve(path) };
      })
      .sort((a, b) => b.absolute.length - a.absolute.length);
  }

  /** What was asked for, as absolute paths. */
  get absolute(): readonly string[] {
    return this.#roots.map((root) => root.absolute);
  }

  /** Whether an absolute path was asked for, itself or a folder above it. */
  covers(absolute: string): boolean {
    return this.#roots.some((root) => isWithin(root.absolute, absolute));
  }

  /** The name of an absolute path: as given, or beginning with the folder as given. */
  nameOf(absolute: string): string {
    const root = this.#roots.find((candidate) => isWithin(candidate.absolute, absolute));
    if (!root) return absolute;
    const below = relative(root.absolute, absolute);
    if (below === '') return root.given;
    return /[\\/]$/.test(root.given) ? root.given + below : root.given + sep + below;
  }
}

/** Whether a path is the folder or lies in it, at any depth. */
export function isWithin(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below === '' || !(below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below));
}
