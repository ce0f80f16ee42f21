import { MemoryEventAdapter } from '../../../src/adapters/memory/memory-event-adapter.ts';
import type { StoredEvent, StreamInfo } from '../../../src/events/event-adapter.ts';
import { any, type Mutants, type Next, outcomesBy } from './mutant.ts';

const whole = { from: 1, to: Number.MAX_SAFE_INTEGER, limit: 10_000, direction: 'forward' } as const;

const listBy = (change: (info: StreamInfo) => StreamInfo) => (next: Next) => ({
  listStreams: async (page: Parameters<Next['listStreams']>[0]) => (await next.listStreams(page)).map(change),
});

export const truncationMutants: Mutants = {
  'truncates nothing': () => ({ truncateStream: async () => {} }),
  'truncates the event at the version, too': (next) => ({
    truncateStream: (stream, before) => next.truncateStream(stream, before + 1),
  }),
  'truncates one event too few': (next) => ({
    truncateStream: (stream, before) => next.truncateStream(stream, before - 1),
  }),
  'keeps the last event': (next) => ({
    truncateStream: async (stream, before) =>
      next.truncateStream(stream, Math.min(before, await next.streamVersion(stream))),
  }),
  'truncates events that come later': (next) => {
    const cuts = new Map<string, number>();
    return {
      async truncateStream(stream, before) {
        cuts.set(stream, Math.max(before, cuts.get(stream) ?? 0));
        await next.truncateStream(stream, before);
      },
      readStream: async (page) =>
        (await next.readStream(page)).filter(({ version }) => version >= (cuts.get(page.stream) ?? 0)),
    };
  },
  'hides what it should remove': (next) => {
    const cuts = new Map<string, number>();
    return {
      async truncateStream(stream, before) {
        const last = await next.streamVersion(stream);
        cuts.set(stream, Math.max(Math.min(before, last + 1), cuts.get(stream) ?? 0));
      },
      readStream: async (page) =>
        (await next.readStream(page)).filter(({ version }) => version >= (cuts.get(page.stream) ?? 0)),
    };
  },
  'forgets the version of a stream without events': (next) => ({
    async streamVersion(stream) {
      const left = await next.readStream({ ...whole, stream });
      return left.at(-1)?.version ?? 0;
    },
  }),
  'takes a stream without events for one that does not exist': (next) => ({
    async append(batches, options) {
      const [batch] = batches;
      const left = await next.readStream({ ...whole, stream: batch!.stream });
      return next.append(left.length === 0 && batch!.expectedVersion === 'no_stream' ? any(batches) : batches, options);
    },
  }),
  'gives the positions of removed events again': (next) => {
    let back = 0;
    const shifted = (events: readonly StoredEvent[]) => events.map((e) => ({ ...e, position: e.position - back }));
    return {
      async truncateStream(stream, before) {
        const last = await next.lastPosition();
        await next.truncateStream(stream, before);
        back += last - (await next.lastPosition());
      },
      append: async (batches, options) => {
        const outcome = await next.append(batches, options);
        if (outcome.status !== 'appended') return outcome;
        return {
          status: 'appended',
          batches: outcome.batches.map(({ version, position }) => ({ version, position: position - back })),
        };
      },
      readAll: async (page) => shifted(await next.readAll(page)),
    };
  },
  'says the last position that was ever given': (next) => {
    let last = 0;
    return {
      async append(batches, options) {
        const outcome = await next.append(batches, options);
        if (outcome.status === 'appended') last = outcome.batches.at(-1)!.position;
        return outcome;
      },
      lastPosition: async () => last,
    };
  },
  'keeps the ids of removed events': (next) => {
    const ids = new Map<string, StoredEvent>();
    return {
      async append(batches, options) {
        const known = batches.flatMap(({ events }) => events.flatMap(({ id }) => ids.get(id) ?? []));
        return known.length > 0 ? { status: 'existing', events: known } : next.append(batches, options);
      },
      async truncateStream(stream, before) {
        for (const event of await next.readStream({ ...whole, stream, to: before - 1 })) ids.set(event.id, event);
        await next.truncateStream(stream, before);
      },
    };
  },
  'makes a stream of what it truncates': (next) => ({
    async truncateStream(stream, before) {
      if ((await next.streamVersion(stream)) > 0) return next.truncateStream(stream, before);
      await next.importStreams([{ stream, version: before - 1, firstVersion: before, deleted: false }]);
    },
  }),
  'truncates every stream whose name begins so': (next) => ({
    async truncateStream(stream, before) {
      for (const info of await next.listStreams({ limit: 1000 })) {
        if (info.stream.startsWith(stream.slice(0, 6))) await next.truncateStream(info.stream, before);
      }
    },
  }),
  'removes snapshots with what is truncated': (next) => {
    const cut = new Set<string>();
    return {
      async truncateStream(stream, before) {
        cut.add(stream);
        await next.truncateStream(stream, before);
      },
      loadSnapshot: async (stream, name) => (cut.has(stream) ? undefined : next.loadSnapshot(stream, name)),
    };
  },
};

export const deletionMutants: Mutants = {
  'deletes whatever is expected': (next) => ({ deleteStream: (stream) => next.deleteStream(stream, 'any') }),
  'deletes nothing': () => ({ deleteStream: async () => ({ status: 'deleted' }) }),
  'truncates where it should delete': (next) => ({
    async deleteStream(stream) {
      await next.truncateStream(stream, Number.MAX_SAFE_INTEGER);
      return { status: 'deleted' };
    },
  }),
  'calls the refusal of a deleted stream a conflict': outcomesBy((outcome) =>
    outcome.status === 'deleted' ? { status: 'conflict', stream: outcome.stream, actualVersion: 0 } : outcome,
  ),
  'tells of the first stream where another is deleted': outcomesBy((outcome, batches) =>
    outcome.status === 'deleted' ? { ...outcome, stream: batches[0]!.stream } : outcome,
  ),
  'refuses to delete what does not exist': (next) => ({
    async deleteStream(stream, expected) {
      const version = await next.streamVersion(stream);
      return version === 0 ? { status: 'conflict', actualVersion: 0 } : next.deleteStream(stream, expected);
    },
  }),
  'reports a wrong version where it does not delete': (next) => ({
    async deleteStream(stream, expected) {
      const outcome = await next.deleteStream(stream, expected);
      return outcome.status === 'conflict' ? { ...outcome, actualVersion: 0 } : outcome;
    },
  }),
  'refuses to delete again under another version': (next) => {
    const gone = new Set<string>();
    return {
      async deleteStream(stream, expected) {
        if (gone.has(stream) && expected === 'no_stream') return { status: 'conflict', actualVersion: 3 };
        const outcome = await next.deleteStream(stream, expected);
        if (outcome.status === 'deleted') gone.add(stream);
        return outcome;
      },
    };
  },
  'forgets the version of a deleted stream': (next) => ({
    ...listBy((info) => (info.deleted ? { ...info, version: 0, firstVersion: 1 } : info))(next),
  }),
  'lets a deleted stream begin anew': (next) => {
    const gone = new Map<string, string>();
    return {
      async deleteStream(stream, expected) {
        const outcome = await next.deleteStream(stream, expected);
        if (outcome.status === 'deleted') gone.set(stream, `${stream} anew`);
        return outcome;
      },
      append: (batches, options) =>
        next.append(
          batches.map((batch) =>
            batch.expectedVersion === 'no_stream'
              ? { ...batch, stream: gone.get(batch.stream) ?? batch.stream }
              : batch,
          ),
          options,
        ),
    };
  },
  'keeps the snapshots of deleted streams': (next) => {
    const kept = new Map<string, Awaited<ReturnType<Next['loadSnapshot']>>>();
    return {
      async saveSnapshot(snapshot) {
        kept.set(`${snapshot.stream}\n${snapshot.name}`, snapshot);
      },
      loadSnapshot: async (stream, name) => kept.get(`${stream}\n${name}`),
      deleteStream: (stream, expected) => next.deleteStream(stream, expected),
    };
  },
  'removes snapshots before it looks at the version': (next) => {
    const gone = new Set<string>();
    return {
      deleteStream(stream, expected) {
        gone.add(stream);
        return next.deleteStream(stream, expected);
      },
      loadSnapshot: async (stream, name) => (gone.has(stream) ? undefined : next.loadSnapshot(stream, name)),
    };
  },
  'removes the checkpoint of the same name': (next) => ({
    async deleteStream(stream, expected) {
      await next.deleteCheckpoint(stream);
      return next.deleteStream(stream, expected);
    },
  }),
  'shows deleted events in the whole store': (next) => {
    const gone: StoredEvent[] = [];
    return {
      async deleteStream(stream, expected) {
        const events = await next.readStream({ ...whole, stream });
        const outcome = await next.deleteStream(stream, expected);
        if (outcome.status === 'deleted') gone.push(...events);
        return outcome;
      },
      async readAll(page) {
        const left = [...(await next.readAll(page)), ...gone.filter(({ position }) => position > page.after)];
        return left.sort((a, b) => a.position - b.position).slice(0, page.limit);
      },
    };
  },
};

export const streamListMutants: Mutants = {
  'lists no streams': () => ({ listStreams: async () => [] }),
  'begins the list anew on each page': (next) => ({ listStreams: ({ limit }) => next.listStreams({ limit }) }),
  'gives the stream a page should be after': (next) => ({
    async listStreams({ after, limit }) {
      const page = await next.listStreams({ after, limit });
      const [info] = after === undefined ? [] : await next.listStreams({ limit: 10_000 });
      return info ? [info, ...page].slice(0, limit) : page;
    },
  }),
  'ignores the limit of streams': (next) => ({
    listStreams: ({ after }) => next.listStreams({ after, limit: 10_000 }),
  }),
  'skips a stream at page ends': (next) => ({
    async listStreams({ after, limit }) {
      const page = await next.listStreams({ after, limit: limit + 1 });
      return page.slice(page.length > limit ? 1 : 0);
    },
  }),
  'lists streams in the order of people': (next) => ({
    async listStreams({ after, limit }) {
      const all = [...(await next.listStreams({ limit: 10_000 }))];
      const order = new Intl.Collator('en', { sensitivity: 'base' }).compare;
      all.sort((a, b) => order(a.stream, b.stream));
      return all.filter(({ stream }) => after === undefined || order(stream, after) > 0).slice(0, limit);
    },
  }),
  'lists no deleted streams': (next) => ({
    listStreams: async (page) => (await next.listStreams(page)).filter(({ deleted }) => !deleted),
  }),
  'lists no streams without events': (next) => ({
    listStreams: async (page) =>
      (await next.listStreams(page)).filter(({ version, firstVersion }) => version >= firstVersion),
  }),
  'calls no stream deleted': listBy((info) => ({ ...info, deleted: false })),
  'calls no stream truncated': listBy((info) => ({ ...info, firstVersion: 1 })),
  'lists the number of events as version': listBy((info) => ({
    ...info,
    version: info.version - info.firstVersion + 1,
  })),
  'lists streams as they were first': (next) => {
    const first = new Map<string, StreamInfo>();
    const known = (info: StreamInfo) => first.get(info.stream) ?? first.set(info.stream, info).get(info.stream)!;
    return listBy(known)(next);
  },
  'lists the streams of refused appends': (next) => {
    const refused = new Set<string>();
    return {
      async append(batches, options) {
        const outcome = await next.append(batches, options);
        if (outcome.status !== 'appended') for (const { stream } of batches) refused.add(stream);
        return outcome;
      },
      async listStreams(page) {
        const known = await next.listStreams(page);
        const ghosts = [...refused].filter((stream) => !known.some((info) => info.stream === stream));
        return [...known, ...ghosts.map((stream) => ({ stream, version: 0, firstVersion: 1, deleted: false }))];
      },
    };
  },
};

export const lifecycleMutants: Mutants = {
  'drops everything on init': () => {
    let next = new MemoryEventAdapter();
    return {
      async init() {
        next = new MemoryEventAdapter();
      },
      append: (batches, options) => next.append(batches, options),
      readStream: (page) => next.readStream(page),
    };
  },
  'can be closed but once': () => {
    let closed = false;
    return {
      async close() {
        if (closed) throw new Error('closed already');
        closed = true;
      },
    };
  },
};
