import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresUrl } from '../servers.ts';
import type { BenchOptions, BenchTable } from './compare.ts';

const program = join(import.meta.dirname, 'events/reading-program.ts');

/** How much a process grows that reads a long stream, event by event, out of a database that another one has filled: some minutes. */
export async function run({ rounds }: BenchOptions): Promise<readonly BenchTable[]> {
  const events = rounds > 1 ? 1_000_000 : 50_000;
  const rows = ['sqlite', ...(postgresUrl ? ['postgres'] : [])].flatMap((storage) => {
    const said = execFileSync(process.execPath, [...process.execArgv, program, storage, `${events}`], {
      encoding: 'utf8',
    });
    const measured = JSON.parse(said) as Readonly<Record<string, { mb: number; seconds: number }>>;
    return Object.entries(measured).map(([reader, { mb, seconds }]) => ({
      reader: `${storage}: ${reader}`,
      'grows by at most, MB': Math.round(mb),
      'events/s': Math.round(events / seconds),
    }));
  });
  return [{ title: `reading a stream of ${events.toLocaleString('en')} events: resident memory`, rows }];
}
