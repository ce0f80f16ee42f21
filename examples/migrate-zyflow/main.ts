// The main job: a ZyFlow workspace goes through the five stages of a migration, under load, and back from the last.
//
//   npm start                                          a workspace made for the purpose
//   npm start -- --workspace DIR [--database FILE]     a copy of yours; the original is only read
//   npm start -- --resume                              goes on where an interrupted run stopped
//   npm start -- --patience 3                          on a machine that is busy: the gates allow three times the latency,
//                                                      and watch three times as long; the criteria stay as they are
//
// Exit code 0 only if every criterion was measured and met; 1 if not; 2 for bad input, with nothing written.
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { htmlReport } from './report/html-report.ts';
import { isSuccess } from './report/migration-report.ts';
import { Progress } from './report/progress.ts';
import { terminalReport } from './report/terminal-report.ts';
import { migrate } from './run/migrate.ts';
import { WorkspaceError } from './workspace/workspace-error.ts';

const usage =
  'usage: npm start -- [--workspace DIR [--database FILE]] [--run DIR] [--seed N] [--patience N] [--resume]';

class UsageError extends Error {}

async function main(): Promise<number> {
  const options = readOptions();
  const folder = resolve(options.run);
  const settings = join(folder, 'run.json');
  const previous = `${folder}.previous`;
  if (options.resume) {
    if (!existsSync(settings)) throw new UsageError(`${folder}: there is no run to resume; start one without --resume`);
  } else {
    if (existsSync(folder) && !existsSync(settings)) {
      throw new UsageError(`${folder}: exists and is not the folder of a run; name another one with --run`);
    }
    if (existsSync(folder)) {
      await rm(previous, { recursive: true, force: true });
      await rename(folder, previous);
    }
  }
  const { seed, source, patience } = options.resume
    ? (JSON.parse(await readFile(settings, 'utf8')) as ReturnType<typeof readOptions>)
    : options;
  const result = await migrate({
    folder,
    seed,
    patience,
    ...(source && { source }),
    progress: new Progress(process.stdout),
    onReady: () => writeFile(settings, JSON.stringify({ seed, source, patience })),
  }).catch(async (error: unknown) => {
    // Bad input: the run before stays where it was.
    if (error instanceof WorkspaceError && existsSync(previous)) await rename(previous, folder);
    throw error;
  });
  const html = join(folder, 'report.html');
  await writeFile(html, htmlReport(result.report));
  await writeFile(join(folder, 'report.json'), JSON.stringify(result.report, null, 2));
  console.log(`\n${terminalReport(result.report, process.stdout.columns)}`);
  console.log(`\nWorked on ${result.report.workspace.path}\nReport: ${html}\nFinal state: ${result.finalState}`);
  return isSuccess(result.report) ? 0 : 1;
}

function readOptions() {
  let values: {
    workspace?: string;
    database?: string;
    run?: string;
    seed?: string;
    patience?: string;
    resume?: boolean;
  };
  try {
    ({ values } = parseArgs({
      options: {
        workspace: { type: 'string' },
        database: { type: 'string' },
        run: { type: 'string' },
        seed: { type: 'string' },
        patience: { type: 'string' },
        resume: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { workspace, database, run = '.migration-run', seed = '7', patience = '1', resume = false } = values;
  if (database !== undefined && workspace === undefined) throw new UsageError('--database goes with --workspace');
  if (resume && workspace !== undefined) throw new UsageError('--resume goes on with the workspace of its run');
  if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed: expected a whole number, got "${seed}"`);
  if (!/^[1-9]\d?$/.test(patience)) throw new UsageError(`--patience: expected 1 to 99, got "${patience}"`);
  const source =
    workspace === undefined ? undefined : { folder: resolve(workspace), databaseFile: database && resolve(database) };
  return { run, seed: Number(seed), patience: Number(patience), resume, source };
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n${usage}`);
  else if (error instanceof WorkspaceError) console.error(error.message);
  else throw error;
  process.exitCode = 2;
}
