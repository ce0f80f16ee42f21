import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** A place in a source file that names a legacy component by a relative path. */
export interface LegacyReference {
  /** Relative to the root, as all paths here. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The path as it is written there. */
  readonly specifier: string;
  readonly component: string;
}

const sourceFile = /\.[cm]?[jt]sx?$/;

/** Any quoted relative path (imports, require, mocks, workers, URLs), and the bare `'.'` or `'..'` of an import. */
const relativePath = /(['"`])(\.{1,2}\/[^'"`]*)\1|\b(?:from|import|require)\s*\(?\s*(['"])(\.{1,2})\3/g;

/**
 * Where the JavaScript and TypeScript files under `root` name one of the components by a relative path, the components'
 * own files apart.
 *
 * A search of the text: it also finds paths in comments, and does not see path aliases, package names or paths that are
 * put together at run time.
 *
 * @param ignored - Names of folders that are not searched, at any depth; and paths, as the archive's.
 */
export async function findReferences(
  root: string,
  components: readonly string[],
  ignored: { readonly names: ReadonlySet<string>; readonly path: string },
): Promise<LegacyReference[]> {
  const references: LegacyReference[] = [];
  const own = new Set(components.map((component) => join(root, component)));
  for await (const file of sourceFiles(
    root,
    (path, name) => own.has(path) || path === ignored.path || ignored.names.has(name),
  )) {
    const lines = (await readFile(file, 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      for (const [, , path, , bare] of line.matchAll(relativePath)) {
        const specifier = path ?? bare ?? '';
        const target = portable(relative(root, resolve(dirname(file), specifier.replace(/[?#].*$/, ''))));
        const component = components.find((each) => names(target, each));
        if (component === undefined) continue;
        references.push(Object.freeze({ file: portable(relative(root, file)), line: index + 1, specifier, component }));
      }
    }
  }
  return references;
}

/** A path with `/` between its parts on every platform. */
export const portable = (path: string) => path.split(sep).join('/');

/** Whether a module path may mean the component: itself, something in it, with or without extension, or its index. */
function names(target: string, component: string): boolean {
  if (target === component || target.startsWith(`${component}/`)) return true;
  if (!sourceFile.test(component)) return false;
  const module = component.replace(sourceFile, '');
  return target.replace(sourceFile, '') === module || `${target}/index` === module;
}

async function* sourceFiles(folder: string, skip: (path: string, name: string) => boolean): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (skip(path, entry.name)) continue;
    if (entry.isDirectory()) yield* sourceFiles(path, skip);
    else if (entry.isFile() && sourceFile.test(entry.name)) yield path;
  }
}
