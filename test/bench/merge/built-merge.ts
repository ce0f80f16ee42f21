import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'tsup';

type Merge = typeof import('../../../src/conflicts/three-way-merge.ts');

/** Built as the package is: tsx, which runs the benchmarks, adds a call to the making of each closure, the peers have none. */
export const { threeWayMerge } = await builtMerge();

async function builtMerge(): Promise<Merge> {
  const outDir = await mkdtemp(join(tmpdir(), 'merge-bench-'));
  try {
    await build({
      entry: { merge: join(import.meta.dirname, '../../../src/conflicts/three-way-merge.ts') },
      config: false,
      format: 'esm',
      target: 'node20',
      noExternal: [/./],
      outDir,
      silent: true,
      outExtension: () => ({ js: '.mjs' }),
    });
    return (await import(pathToFileURL(join(outDir, 'merge.mjs')).href)) as Merge;
  } finally {
    await rm(outDir, { recursive: true });
  }
}
