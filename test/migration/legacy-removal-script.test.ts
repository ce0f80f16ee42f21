import { lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { LegacyRemovalScript, type LegacyRemovalScriptOptions } from '../../src/migration/legacy-removal-script.ts';
import {
  ArchiveConflictError,
  LegacyStillReferencedError,
  RemovalFailedError,
  UnsafePathError,
} from '../../src/migration/removal-errors.ts';

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'removal-')));
  await write({
    'src/app.ts': "import { sync } from './sync/new.js';\n",
    'src/legacy/index.ts': "export * from './deep/sync.js';\n",
    'src/legacy/deep/sync.ts': "import '../index.js';\nexport const sync = 1;\n",
    'src/watcher.ts': 'export const watcher = 1;\n',
  });
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function write(files: Record<string, string>, folder = root): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function tree(folder = root): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files
      .sort()
      .map(
        async (file) =>
          `${file.slice(folder.length + 1)}: ${(await lstat(file)).isFile() ? await readFile(file, 'utf8') : 'link'}`,
      ),
  );
}

const components = ['src/legacy', 'src/watcher.ts'];
const script = (options: Partial<LegacyRemovalScriptOptions> = {}) =>
  new LegacyRemovalScript({ root, components, ...options });
const apply = (options: Partial<LegacyRemovalScriptOptions> = {}) => script({ dryRun: false, ...options });

describe('LegacyRemovalScript', () => {
  test('a dry run, the default, says what would be done and changes nothing', async () => {
    const before = await tree();
    const report = await script({ components: [...components, 'src/gone.ts'] }).removeLegacyComponents();
    expect(report).toEqual({
      applied: false,
      archive: join(root, '.legacy-archive'),
      removed: [
        { path: 'src/legacy', bytes: 77, files: 2 },
        { path: 'src/watcher.ts', bytes: 26, files: 1 },
      ],
      missing: ['src/gone.ts'],
      references: [],
    });
    expect(await tree()).toEqual(before);
    expect(await readdir(root)).toEqual(['src']);
  });

  test('applied, it moves the components into the archive; again it says the same; restore undoes it exactly', async () => {
    const before = await tree();
    const report = await apply().removeLegacyComponents();
    expect(report).toMatchObject({
      applied: true,
      removed: [{ path: 'src/legacy' }, { path: 'src/watcher.ts' }],
      missing: [],
    });
    expect(await readdir(join(root, 'src'))).toEqual(['app.ts']);
    expect(await apply().removeLegacyComponents()).toEqual(report);
    expect(await apply().restore()).toEqual(components);
    expect(await tree()).toEqual(before);
    expect(await readdir(root)).toEqual(['src']);
    expect(await apply().restore()).toEqual([]);
  });

  test('an archive elsewhere, and paths written in other ways', async () => {
    const archive = await mkdtemp(join(tmpdir(), 'archive-'));
    const before = await tree();
    const removal = apply({ archive, components: ['./src/legacy/', 'src/./watcher.ts'] });
    expect((await removal.removeLegacyComponents()).removed.map(({ path }) => path)).toEqual(components);
    expect(await readdir(archive)).toEqual(['files', 'manifest.json']);
    await removal.restore();
    expect(await tree()).toEqual(before);
    await rm(archive, { recursive: true, force: true });
  });

  test.each(['', '.', '..', '/etc/passwd', '../other', 'src/../..', 'a/../../b', 'x\0y'])(
    'refuses the path %j',
    (path) => {
      expect(() => script({ components: [path] })).toThrow(UnsafePathError);
    },
  );

  test('refuses symbolic links: the component itself, on the way to it, out of the root or within', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await write({ 'precious.ts': 'x' }, outside);
    await symlink(outside, join(root, 'way'));
    await symlink(join(outside, 'precious.ts'), join(root, 'link.ts'));
    await symlink(join(root, 'src'), join(root, 'inner'));
    await symlink(join(root, 'nothing'), join(root, 'dangling'));
    const before = [await tree(), await tree(outside)];
    for (const path of ['way', 'way/precious.ts', 'link.ts', 'inner/watcher.ts', 'dangling']) {
      await expect(apply({ components: ['src/watcher.ts', path] }).removeLegacyComponents(), path).rejects.toThrow(
        UnsafePathError,
      );
    }
    expect([await tree(), await tree(outside)]).toEqual(before);
    await rm(outside, { recursive: true });
  });

  test('refuses components inside each other, an archive among them, none at all, and a root that is not there', async () => {
    for (const bad of [[], ['src', 'src/legacy'], ['src', './src'], ['.legacy-archive'], ['.legacy-archive/x']]) {
      expect(() => script({ components: bad }), bad.join()).toThrow(InvalidArgumentError);
    }
    expect(() => script({ archive: join(root, 'src/legacy/archive') })).toThrow(InvalidArgumentError);
    for (const bad of ['none', 'src/app.ts']) {
      await expect(script({ root: join(root, bad) }).removeLegacyComponents()).rejects.toThrow(InvalidArgumentError);
    }
  });

  test('refuses while something that stays names a component, in whatever way; a dry run lists it', async () => {
    const lines: [string, string][] = [
      ["import { sync } from './legacy/index.js';", 'src/legacy'],
      ["export * from './legacy';", 'src/legacy'],
      [`const late = await import(\`./legacy/deep/\${name}.js\`);`, 'src/legacy'],
      ["vi.mock('./watcher');", 'src/watcher.ts'],
      ["new Worker(new URL('./watcher.js?worker', import.meta.url));", 'src/watcher.ts'],
      ['const w = require("../src/watcher.ts");', 'src/watcher.ts'],
    ];
    const harmless = ["import './legacy-free.js';", "const text = './watch';", "import 'legacy';", "a.split('.');"];
    await write({ 'src/uses.ts': [...lines.map(([line]) => line), ...harmless].join('\n') });
    await write({ 'node_modules/x/uses.js': "import '../../src/watcher.js'", 'src/data.txt': "'./watcher.js'" });
    const before = await tree();
    const { references } = await script().removeLegacyComponents();
    expect(references.map(({ file, line, component }) => [file, line, component])).toEqual(
      lines.map(([, component], i) => ['src/uses.ts', i + 1, component]),
    );
    expect(references[0]!.specifier).toBe('./legacy/index.js');
    await expect(apply().removeLegacyComponents()).rejects.toThrow(LegacyStillReferencedError);
    expect(await tree()).toEqual(before);
  });

  test('the index file of a folder is named by the folder', async () => {
    await write({
      'src/old/index.ts': 'export {};\n',
      'src/old/kept.ts': "import '.';\n",
      'src/uses.ts': "import './old';\n",
    });
    const { references } = await script({ components: ['src/old/index.ts'] }).removeLegacyComponents();
    expect(references.map(({ file, specifier }) => [file, specifier])).toEqual([
      ['src/old/kept.ts', '.'],
      ['src/uses.ts', './old'],
    ]);
  });

  test('a move that fails moves the others back', async () => {
    const before = await tree();
    // A file in the place where the second component's folder in the archive would be.
    const removal = apply({
      components: ['src/watcher.ts', 'src/legacy/deep', 'src/legacy/index.ts'],
      archive: join(root, 'archive'),
    });
    await mkdir(join(root, 'archive', 'files', 'src'), { recursive: true });
    await writeFile(join(root, 'archive', 'files', 'src', 'legacy'), 'in the way');
    const error = await removal.removeLegacyComponents().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemovalFailedError);
    expect(error).toMatchObject({ path: 'src/legacy/deep', undoError: undefined, cause: expect.any(Error) });
    expect(await readdir(join(root, 'archive'))).toEqual(['files']);
    await rm(join(root, 'archive'), { recursive: true });
    expect(await tree()).toEqual(before);
  });

  test('a crash between two moves: the next removal finishes, or restore undoes', async () => {
    const before = await tree();
    const interrupt = async () => {
      await apply().removeLegacyComponents();
      await rename(join(root, '.legacy-archive/files/src/watcher.ts'), join(root, 'src/watcher.ts'));
    };
    await interrupt();
    expect((await apply().removeLegacyComponents()).removed.map(({ path }) => path)).toEqual(components);
    expect(await readdir(join(root, 'src'))).toEqual(['app.ts']);
    await apply().restore();
    await interrupt();
    expect(await apply().restore()).toEqual(['src/legacy']);
    expect(await tree()).toEqual(before);
  });

  test('never overwrites: neither another removal nor a file made since', async () => {
    await apply({ components: ['src/watcher.ts'] }).removeLegacyComponents();
    await expect(apply({ components: ['src/legacy'] }).removeLegacyComponents()).rejects.toThrow(ArchiveConflictError);
    await write({ 'src/watcher.ts': 'new\n' });
    const same = apply({ components: ['src/watcher.ts'] });
    await expect(same.removeLegacyComponents()).rejects.toThrow(ArchiveConflictError);
    await expect(same.restore()).rejects.toThrow(/in the archive and in the root/);
    expect(await readFile(join(root, 'src/watcher.ts'), 'utf8')).toBe('new\n');
    await writeFile(join(root, '.legacy-archive/manifest.json'), '{');
    await expect(same.restore()).rejects.toThrow(/is not a manifest/);
  });
});
