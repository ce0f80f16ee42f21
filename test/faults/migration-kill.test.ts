import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, 'migration-program.ts');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migration-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the program for so many moments; gives how it ended, or null if it was killed before. */
async function live(scenario: string, moments: number): Promise<unknown> {
  const args = ['--import', 'tsx', program, folder, scenario, String(moments)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.once('close', (_, signal) => resolve(signal)));
  const output = await text(child.stdout);
  if ((await closed) === 'SIGKILL') return null;
  return JSON.parse(output);
}

describe('a migration whose journal is an SQLite file', () => {
  test.each([
    ['sound', 'completed', [1, 12, 3, 8, 14, 5, 9]],
    ['failing', 'GATE_NOT_PASSED', [2, 15, 11, 9, 4, 3, 5]],
  ])('MR1 MR3 killed -9 again and again, the %s one ends like an undisturbed one', async (scenario, outcome, kills) => {
    const calm = await live(scenario, Number.POSITIVE_INFINITY);
    expect(calm).toMatchObject({ outcome });
    await rm(folder, { recursive: true });
    folder = await mkdtemp(join(tmpdir(), 'migration-'));
    for (const moments of kills) expect(await live(scenario, moments), `killed after ${moments}`).toBeNull();
    expect(await live(scenario, Number.POSITIVE_INFINITY)).toEqual(calm);
  });
});
