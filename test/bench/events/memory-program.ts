// A store in memory with as many streams of one event to begin with, in a process of its own: what else is on a heap
// slows its collection down. Started by memory.ts, for which it does a round whenever it is asked for one.
import { MemoryEventAdapter } from '../../../src/adapters/memory/memory-event-adapter.ts';
import { castoreInMemory } from '../peers/castore.ts';
import { emmettInMemory } from '../peers/emmett.ts';
import { type Contender, data, type } from './contender.ts';
import { ours } from './ours.ts';

/** Appends of a round, and how many of them are under way at a time. */
export interface Round {
  readonly appends: number;
  readonly inFlight: number;
}

export interface Measured {
  readonly appendsPerSecond: number;
  /** Of all threads, with the collection of garbage. */
  readonly cpuMicrosecondsPerAppend: number;
}

/** What is said once all streams are there. */
export interface Filled {
  readonly name: string;
  readonly heapBytesPerStream: number;
}

const makers: Readonly<Record<string, () => Contender | Promise<Contender | undefined>>> = {
  limit,
  ours: () => ours(new MemoryEventAdapter()),
  emmett: emmettInMemory,
  castore: castoreInMemory,
};

const [, , kind = '', streamsAsked = ''] = process.argv;
const streams = Number(streamsAsked);
const contender = await makers[kind]?.();
if (!contender || !process.send) throw new Error(`memory.ts starts this program with what is there, not with ${kind}`);
const { name, append } = contender;
const reply = (message: Filled | Measured) => process.send?.(message);
let appended = 0;

const before = heapUsed();
for (let n = 0; n < streams; n++) await append(`s${n}`, 0, 1);
reply({ name, heapBytesPerStream: Math.round((heapUsed() - before) / streams) });
process.on('message', (round: Round) => void measure(round).then(reply));

/** Appends to one stream after the other. */
async function measure({ appends, inFlight }: Round): Promise<Measured> {
  const first = appended;
  appended += appends;
  // Names as they come from outside, made before: each a text of its own, none that a map has for its key.
  const names = Array.from({ length: appends }, (_, n) => `s${(first + n) % streams}`);
  let next = 0;
  const write = async () => {
    while (next < appends) {
      const n = next++;
      await append(names[n]!, 1 + Math.floor((first + n) / streams), 1);
    }
  };
  const start = performance.now();
  const startCpu = process.cpuUsage();
  await Promise.all(Array.from({ length: inFlight }, write));
  const { user, system } = process.cpuUsage(startCpu);
  return {
    appendsPerSecond: (appends / (performance.now() - start)) * 1000,
    cpuMicrosecondsPerAppend: (user + system) / appends,
  };
}

/** The least there is to do. */
function limit(): Contender {
  const streams = new Map<string, unknown[]>();
  return {
    name: 'JSON.stringify, Map and push',
    async append(stream) {
      const event = { type, data: JSON.stringify(data) };
      const known = streams.get(stream);
      if (known) known.push(event);
      else streams.set(stream, [event]);
    },
  };
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
