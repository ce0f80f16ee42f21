import type { StoredEvent, StreamInfo } from '../../../src/events/event-adapter.ts';
import type { Mutant, Mutants } from './mutant.ts';

const importsBy =
  (
    change: (
      events: readonly StoredEvent[],
      next: Parameters<Mutant>[0],
    ) => readonly StoredEvent[] | Promise<StoredEvent[]>,
  ): Mutant =>
  (next) => ({ importEvents: async (events) => next.importEvents(await change(events, next)) });

const streamsBy =
  (change: (info: StreamInfo) => StreamInfo): Mutant =>
  (next) => ({ importStreams: (streams) => next.importStreams(streams.map(change)) });

const distinctBy = <T>(events: readonly StoredEvent[], key: (event: StoredEvent) => T) => [
  ...new Map(events.map((event) => [key(event), event])).values(),
];

export const importMutants: Mutants = {
  'imports nothing': () => ({ importEvents: async () => {} }),
  'gives imported events positions of its own': importsBy(async (events, next) => {
    const last = await next.lastPosition();
    return events.map((event, index) => ({ ...event, position: last + 1 + index }));
  }),
  'gives imported events versions of its own': importsBy((events) => {
    const versions = new Map<string, number>();
    return events.map((event) => {
      const version = (versions.get(event.stream) ?? 0) + 1;
      versions.set(event.stream, version);
      return { ...event, version };
    });
  }),
  'appends what it should import': (next) => ({
    async importEvents(events) {
      for (const event of events)
        await next.append([{ stream: event.stream, expectedVersion: 'any', events: [event] }]);
    },
  }),
  'drops the tags of imported events': importsBy((events) => events.map((event) => ({ ...event, tags: [] }))),
  'imports in the order of positions': importsBy((events) => events.toSorted((a, b) => a.position - b.position)),
  'imports event by event': (next) => ({
    async importEvents(events) {
      for (const event of events) await next.importEvents([event]);
    },
  }),
  'leaves out events with ids that come twice': importsBy((events) => distinctBy(events, ({ id }) => id)),
  'gives events with ids that are stored new ones': importsBy((events) =>
    events.map((event) => ({ ...event, id: crypto.randomUUID() })),
  ),
  'leaves out what does not fit': (next) => ({
    async importEvents(events) {
      await next.importEvents(events).catch(() => {});
    },
  }),
  'refuses with an error of no kind': (next) => ({
    async importEvents(events) {
      await next.importEvents(events).catch(() => {
        throw new Error('no');
      });
    },
  }),
  'takes an import of nothing for a mistake': (next) => ({
    async importEvents(events) {
      if (events.length === 0) throw new TypeError('no events');
      await next.importEvents(events);
    },
  }),
  'moves events of positions that are taken': importsBy(async (events, next) => {
    const [first] = events;
    const last = await next.lastPosition();
    const by = first && first.position <= last ? last + 1 - first.position : 0;
    return events.map((event) => ({ ...event, position: event.position + by }));
  }),
  'cuts a stream that was deleted out of an import': importsBy(async (events, next) => {
    const streams = await next.listStreams({ limit: 1000 });
    return events.filter((event) => !streams.some(({ stream, deleted }) => deleted && stream === event.stream));
  }),
  'imports no streams': () => ({ importStreams: async () => {} }),
  'imports no tombstones': streamsBy((info) => ({ ...info, deleted: false })),
  'revives a deleted stream that it imports': (next) => {
    const revived = new Set<string>();
    return {
      async importStreams(streams) {
        await next.importStreams(streams);
        for (const { stream, deleted } of streams) if (!deleted) revived.add(stream);
      },
      listStreams: async (page) =>
        (await next.listStreams(page)).map((info) => (revived.has(info.stream) ? { ...info, deleted: false } : info)),
    };
  },
  'imports no truncation': streamsBy((info) => ({ ...info, firstVersion: 1 })),
  'imports no versions': (next) => ({
    async importStreams(streams) {
      for (const { stream, firstVersion, deleted } of streams) {
        if (deleted) await next.deleteStream(stream, 'any');
        else await next.truncateStream(stream, firstVersion);
      }
    },
  }),
  'imports the first stream only': (next) => ({ importStreams: (streams) => next.importStreams(streams.slice(0, 1)) }),
};
