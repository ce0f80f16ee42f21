import { MemoryEventAdapter } from '../../../src/adapters/memory/memory-event-adapter.ts';
import { type BenchOptions, compare, type Work } from '../compare.ts';
import { castoreInMemory } from '../peers/castore.ts';
import { emmettInMemory } from '../peers/emmett.ts';
import { type Contender, data } from './contender.ts';
import { ours } from './ours.ts';

/** The same rate with many streams as with few: a store that gets slower with each stream has fewer of them here. */
export async function memory(options: BenchOptions) {
  const most = options.rounds > 1 ? 1_000_000 : 100_000;
  const own = () => ours(new MemoryEventAdapter());
  const sizes: readonly (readonly [streams: number, appends: number, contender: Contender | undefined])[] = [
    [1000, 20_000, own()],
    [100_000, 20_000, own()],
    [most, 20_000, most > 100_000 ? own() : undefined],
    [1000, 2000, await emmettInMemory()],
    [10_000, 300, await emmettInMemory()],
    [1000, 20_000, await castoreInMemory()],
    [100_000, 20_000, await castoreInMemory()],
  ];
  const works: Record<string, Work> = { 'JSON.stringify and array push': stringified };
  for (const [streams, appends, contender] of sizes) {
    if (!contender) continue;
    works[`${contender.name}, ${streams.toLocaleString('en')} streams`] = await amid(streams, appends, contender);
  }
  return [await compare(options, 'memory: one event an append, by the streams that are there', 'appends/s', works)];
}

function stringified() {
  const log: unknown[] = [];
  for (let n = 0; n < 20_000; n++) log.push({ id: crypto.randomUUID(), data: JSON.stringify(data), n });
  return log.length;
}

/** Appends to one stream after the other of so many that have an event each. */
async function amid(streams: number, appends: number, { append }: Contender): Promise<Work> {
  for (let n = 0; n < streams; n++) await append(`s${n}`, 0, 1);
  let appended = 0;
  return async () => {
    for (let n = 0; n < appends; n++, appended++) {
      await append(`s${appended % streams}`, 1 + Math.floor(appended / streams), 1);
    }
    return appends;
  };
}
