import { EventStore } from '../../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../../src/events/interval-snapshot-strategy.ts';
import { type BenchOptions, type BenchTable, compare, type Work } from '../compare.ts';
import type { Contender } from './contender.ts';
import { counting, type Ours } from './ours.ts';

const length = 10_000;
const stream = 'long-1';

/** What it takes to know the state of a long stream; the limit reads the rows that ours wrote. */
export async function rehydration(
  options: BenchOptions,
  where: string,
  limit: { readonly name: string; fold(stream: string): Promise<number> },
  own: Ours,
  peers: readonly Contender[],
): Promise<BenchTable> {
  for (const { append } of [own, ...peers]) {
    for (let version = 0; version < length; version += 500) await append(stream, version, 500);
  }
  const { store } = own;
  const snapshots = new EventStore({ adapter: own.adapter, snapshotStrategy: new IntervalSnapshotStrategy(length) });
  const withSnapshot = async () => (await snapshots.aggregateStream(stream, { ...counting, name: 'count' })).state;
  await withSnapshot();
  const works: Record<string, Work> = {
    [limit.name]: () => limit.fold(stream),
    'EventStore.read': async () => {
      let events = 0;
      for await (const _ of store.read(stream)) events++;
      return events;
    },
    'EventStore.aggregateStream': () => own.fold(stream),
    'EventStore.aggregateStream with a snapshot': withSnapshot,
  };
  for (const { name, fold } of peers) if (fold) works[name] = () => fold(stream);
  return compare(options, `${where}: the state of a stream of ${length.toLocaleString('en')}`, 'events/s', works);
}
