// Kills the main job at random moments and lets it resume: each time it must end in the state of an undisturbed run.
// usage: npm run kill-main-job -- [times]   default 20
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const times = Number(process.argv[2] ?? 20);
const root = await mkdtemp(join(tmpdir(), 'kill-main-job-'));
const program = ['--import', 'tsx', 'examples/migrate-zyflow/main.ts'];
const env = { ...process.env, TSX_TSCONFIG_PATH: 'examples/tsconfig.json' };

/** Runs the job; kills it after so many ms if it still runs then. */
function run(
  args: readonly string[],
  killAfterMs?: number,
): Promise<{ killed: boolean; code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...program, ...args], { env, detached: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), killAfterMs);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ killed: signal === 'SIGKILL', code, output });
    });
  });
}

/** It came to its end: all criteria met, or some missed, such as a latency on a machine that is busy with other work. */
const reachedEnd = ({ output }: { output: string }) => /criteria were/.test(output);

// What ends as it should must not depend on how busy this machine is meanwhile.
const patience = ['--patience', '2'];

const stateOf = (folder: string) => readFile(join(folder, 'final-state.txt'), 'utf8');

const undisturbed = join(root, 'undisturbed');
const began = performance.now();
const first = await run(['--run', undisturbed, ...patience]);
const durationMs = performance.now() - began;
if (!reachedEnd(first)) throw new Error(`the undisturbed run failed:\n${first.output}`);
const wanted = await stateOf(undisturbed);
console.log(`undisturbed: ${(durationMs / 1000).toFixed(1)} s`);

let failed = 0;
let missed = 0;
for (let round = 1; round <= times; round++) {
  const folder = join(root, `round-${round}`);
  const moments: string[] = [];
  let result = await run(['--run', folder, ...patience], Math.random() * durationMs);
  while (result.killed) {
    const last = result.output.trim().split('\n').at(-1) ?? '';
    moments.push(last.slice(0, 60));
    // Every third resumed run is killed again.
    const again = Math.random() < 1 / 3 ? Math.random() * durationMs : undefined;
    const resume = existsSync(join(folder, 'run.json')) ? ['--resume'] : patience;
    result = await run(['--run', folder, ...resume], again);
  }
  const same = reachedEnd(result) && (await stateOf(folder)) === wanted;
  if (!same) failed++;
  if (result.code !== 0) {
    missed++;
    console.log(result.output);
  }
  console.log(
    `${same ? 'ok  ' : 'FAIL'} ${round}: killed at ${moments.map((moment) => `"${moment}"`).join(', ') || 'no moment'}`,
  );
  if (same) await rm(folder, { recursive: true, force: true });
}
if (failed === 0) await rm(root, { recursive: true, force: true });
else console.log(`what failed is in ${root}`);
console.log(`${times - failed} in the same final state, ${failed} not; ${missed} runs missed a criterion, see above`);
process.exitCode = failed === 0 ? 0 : 1;
