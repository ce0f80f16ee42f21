// npm run bench [-- name …] [--rounds n] [--json]: runs the benchmarks of this folder, or those named.
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, BenchTable } from './compare.ts';

const parts = new Set(['run.ts', 'compare.ts']);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !parts.has(file))
  .map((file) => file.slice(0, -'.ts'.length));

/** Long, and about promises instead of speed. */
const onlyByName = new Set(['foreign', 'isolation']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '6' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) refuse(`no benchmark ${unknown.join(', ')}: there are ${names.join(', ')}`);
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds takes a number from 1 on, not ${values.rounds}`);

// What contenders have to say goes beside the figures.
if (values.json) console.log = console.error;

const machine = `Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown make'}`;
if (!values.json) console.log(`${machine}; medians of ${rounds === 1 ? 'a single round' : `${rounds - 1} rounds`}`);
const results: Record<string, readonly BenchTable[]> = {};
for (const name of positionals.length > 0 ? positionals : names.filter((each) => !onlyByName.has(each))) {
  const bench = (await import(`./${name}.ts`)) as Bench;
  results[name] = await bench.run({ rounds });
  if (values.json) continue;
  for (const { title, rows } of results[name]) {
    console.log(`\n${name}: ${title}`);
    console.table(rows);
  }
}
if (values.json) process.stdout.write(`${JSON.stringify({ machine, rounds, results }, null, 2)}\n`);

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
