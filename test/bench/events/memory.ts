import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { MemoryEventAdapter } from '../../../src/adapters/memory/memory-event-adapter.ts';
import { type BenchOptions, type BenchTable, counted, median, round2 } from '../compare.ts';
import { castoreInMemory } from '../peers/castore.ts';
import { emmettInMemory } from '../peers/emmett.ts';
import { data } from './contender.ts';
import type { Filled, Measured, Round } from './memory-program.ts';
import { ours } from './ours.ts';
import { rehydration } from './rehydration.ts';

const few = 1000;
const waysToAppend = { 'one after the other': 1, '100 in flight': 100 };

/** The same rate with many streams as with few, and what it takes to read a long one. */
export async function memory(options: BenchOptions): Promise<readonly BenchTable[]> {
  const most = options.rounds > 1 ? 1_000_000 : 100_000;
  const [emmett, castore] = [await emmettInMemory(), await castoreInMemory()];
  const appending = await appends(options, [
    { kind: 'limit', many: most, appends: 20_000 },
    { kind: 'ours', many: most, appends: 20_000 },
    // It counts the events of all streams at each append: it is given fewer of both, or it would not come to an end.
    ...(emmett ? [{ kind: 'emmett', many: 10_000, appends: 300 }] : []),
    ...(castore ? [{ kind: 'castore', many: most, appends: 20_000 }] : []),
  ]);
  const peers = [emmett, castore].filter((peer) => peer !== undefined);
  return [appending, await rehydration(options, 'memory', parsed(), ours(new MemoryEventAdapter()), peers)];
}

interface Entry {
  readonly kind: string;
  readonly many: number;
  /** Of a round. */
  readonly appends: number;
}

/** One row a contender and way to append: all of them in turns, each with few streams and with many. */
async function appends({ rounds }: BenchOptions, entries: readonly Entry[]): Promise<BenchTable> {
  const pairs: { entry: Entry; few: Running; many: Running }[] = [];
  for (const entry of entries) {
    pairs.push({ entry, few: await start(entry.kind, few), many: await start(entry.kind, entry.many) });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { entry, few, many } of pairs) {
      for (const running of [few, many]) {
        for (const [way, inFlight] of Object.entries(waysToAppend)) {
          const measured = await ask(running.program, { appends: entry.appends, inFlight });
          running.measured.set(way, [...(running.measured.get(way) ?? []), measured]);
        }
      }
    }
  }
  for (const { few, many } of pairs) for (const { program } of [few, many]) program.disconnect();
  const rows = Object.keys(waysToAppend).flatMap((way) =>
    pairs.map(({ entry, few: one, many: other }) => {
      const [withFew, withMany] = [medians(one, way), medians(other, way)];
      return {
        contender: one.filled.name,
        way,
        [`appends/s, ${few.toLocaleString('en')} streams`]: Math.round(withFew.appendsPerSecond),
        'CPU each, µs': round2(withFew.cpuMicrosecondsPerAppend),
        'many streams': entry.many.toLocaleString('en'),
        'appends/s, many streams': Math.round(withMany.appendsPerSecond),
        'CPU each, µs, many streams': round2(withMany.cpuMicrosecondsPerAppend),
        'many to few': round2(withMany.appendsPerSecond / withFew.appendsPerSecond),
        'heap of a stream of one event, bytes': other.filled.heapBytesPerStream,
      };
    }),
  );
  return { title: 'memory: one event an append, by the streams that are there', rows };
}

interface Running {
  readonly program: ChildProcess;
  readonly filled: Filled;
  /** By way to append. */
  readonly measured: Map<string, Measured[]>;
}

async function start(kind: string, streams: number): Promise<Running> {
  const program = fork(join(import.meta.dirname, 'memory-program.ts'), [kind, `${streams}`], {
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  return { program, filled: (await answer(program)) as Filled, measured: new Map() };
}

async function ask(program: ChildProcess, round: Round): Promise<Measured> {
  program.send(round);
  return (await answer(program)) as Measured;
}

/** What a program says next. */
function answer(program: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`memory-program.ts ended with ${code}`));
    program.once('exit', ended);
    program.once('message', (message) => {
      program.off('exit', ended);
      resolve(message);
    });
  });
}

function medians({ measured }: Running, way: string): Measured {
  const rounds = counted(measured.get(way) ?? []);
  return {
    appendsPerSecond: median(rounds.map((each) => each.appendsPerSecond)),
    cpuMicrosecondsPerAppend: median(rounds.map((each) => each.cpuMicrosecondsPerAppend)),
  };
}

/** What it takes at least to read what is kept as text. */
function parsed() {
  const text = JSON.stringify(data);
  return {
    name: 'JSON.parse',
    async fold() {
      const events: unknown[] = [];
      for (let n = 0; n < 10_000; n++) events.push(JSON.parse(text));
      return events.length;
    },
  };
}
