// npm run bench [-- name …] [--json]: runs every benchmark of this folder, or those named.
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Bench, BenchResult } from './compare.ts';

const parts = new Set(['run.ts', 'compare.ts']);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !parts.has(file))
  .map((file) => file.slice(0, -'.ts'.length));

const json = process.argv.includes('--json');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--json');
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}: there are ${names.join(', ')}`);
  process.exit(2);
}

const machine = `Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown make'}`;
const results: Record<string, readonly BenchResult[]> = {};
if (!json) console.log(machine);
for (const name of wanted.length > 0 ? wanted : names) {
  const bench = (await import(`./${name}.ts`)) as Bench;
  results[bench.name] = await bench.run();
  if (!json) print(bench.name, results[bench.name]!);
}
if (json) console.log(JSON.stringify({ machine, results }, null, 2));

function print(name: string, measured: readonly BenchResult[]) {
  for (const { title, unit, contenders } of measured) {
    console.log(`\n${name}: ${title} (${unit}, medians of 5; share of the limit)`);
    for (const { name: contender, rate, ratio } of contenders) {
      const figure = Math.round(rate).toLocaleString('en').padStart(12);
      console.log(`${figure}  ${ratio.toFixed(2).padStart(6)}  ${contender}`);
    }
  }
}
