import type { AppendOutcome, EventBatch } from '../../../src/events/event-adapter.ts';
import { any, batchesBy, type Mutants, type Next, outcomesBy, pause } from './mutant.ts';

const anyWhere = (expected: EventBatch['expectedVersion']) =>
  batchesBy((batch) => (batch.expectedVersion === expected ? { ...batch, expectedVersion: 'any' } : batch));

async function checkNumbers(next: Next, batches: readonly EventBatch[]): Promise<AppendOutcome | undefined> {
  for (const { stream, expectedVersion } of batches) {
    const actualVersion = await next.streamVersion(stream);
    if (typeof expectedVersion === 'number' && expectedVersion !== actualVersion) {
      return { status: 'conflict', stream, actualVersion };
    }
  }
  return undefined;
}

export const expectedVersionMutants: Mutants = {
  'accepts a stale expected version': (next) => ({ append: (batches, options) => next.append(any(batches), options) }),
  'ignores no_stream': anyWhere('no_stream'),
  'ignores the expected version 0': anyWhere(0),
  'ignores stream_exists': anyWhere('stream_exists'),
  'checks the expected version of the first batch only': (next) => ({
    append: ([first, ...rest], options) => next.append([first!, ...any(rest)], options),
  }),
  'takes the expected version for the least one': (next) => ({
    async append(batches, options) {
      const lowered = await Promise.all(
        batches.map(async (batch): Promise<EventBatch> => {
          const version = await next.streamVersion(batch.stream);
          const isLower = typeof batch.expectedVersion === 'number' && version > batch.expectedVersion;
          return isLower ? { ...batch, expectedVersion: version } : batch;
        }),
      );
      return next.append(lowered, options);
    },
  }),
  'reports a wrong actual version': outcomesBy((outcome) =>
    outcome.status === 'conflict' ? { ...outcome, actualVersion: -1 } : outcome,
  ),
  'reports the conflict of the wrong stream': outcomesBy((outcome, batches) =>
    outcome.status === 'conflict' ? { ...outcome, stream: batches[0]!.stream } : outcome,
  ),
  'makes a stream of a refused append': (next) => {
    const ghosts = new Set<string>();
    return {
      async append(batches, options) {
        const outcome = await next.append(batches, options);
        if (outcome.status === 'conflict') for (const { stream } of batches) ghosts.add(stream);
        return outcome;
      },
      streamVersion: async (stream) => (await next.streamVersion(stream)) || (ghosts.has(stream) ? 1 : 0),
    };
  },
  'leaves a position behind where an append was refused': (next) => {
    let burnt = 0;
    return {
      async append(batches, options) {
        const outcome = await next.append(batches, options);
        if (outcome.status === 'conflict') burnt++;
        return outcome;
      },
      lastPosition: async () => (await next.lastPosition()) + burnt,
    };
  },
};

export const raceMutants: Mutants = {
  'checks first and writes later': (next) => ({
    async append(batches, options) {
      const conflict = await checkNumbers(next, batches);
      if (conflict) return conflict;
      await pause();
      return next.append(
        batches.map((batch) => (typeof batch.expectedVersion === 'number' ? any([batch])[0]! : batch)),
        options,
      );
    },
  }),
  'refuses the expected version any when appends race': (next) => {
    let busy = false;
    return {
      async append(batches, options) {
        if (busy) return { status: 'conflict', stream: batches[0]!.stream, actualVersion: 0 };
        busy = true;
        await pause();
        const outcome = await next.append(batches, options);
        busy = false;
        return outcome;
      },
    };
  },
  'shows half an append over streams': (next) => ({
    async append(batches, options) {
      if (batches.length === 1) return next.append(batches, options);
      const results: AppendOutcome[] = [];
      for (const batch of batches) {
        results.push(await next.append([batch]));
        await pause();
      }
      return { status: 'appended', batches: results.flatMap((r) => (r.status === 'appended' ? r.batches : [])) };
    },
  }),
  'shows a later commit before an earlier one': (next) => {
    const hidden = new Set<number>();
    return {
      async append(batches, options) {
        const outcome = await next.append(batches, options);
        if (outcome.status !== 'appended') return outcome;
        const { position } = outcome.batches[0]!;
        if (position % 2 === 0) {
          hidden.add(position);
          await pause();
          await pause();
          hidden.delete(position);
        }
        return outcome;
      },
      readAll: async (page) => (await next.readAll(page)).filter(({ position }) => !hidden.has(position)),
    };
  },
};

export const appendMutants: Mutants = {
  'is not atomic over streams': (next) => ({
    async append(batches, options) {
      if (batches.length === 1) return next.append(batches, options);
      const results: AppendOutcome[] = [];
      for (const batch of batches) {
        const outcome = await next.append([batch]);
        if (outcome.status !== 'appended') return outcome;
        results.push(outcome);
      }
      return { status: 'appended', batches: results.flatMap((r) => (r.status === 'appended' ? r.batches : [])) };
    },
  }),
  'swaps the order within an append': batchesBy((batch) => ({ ...batch, events: batch.events.toReversed() })),
  'swaps the order of the batches': (next) => ({
    append: (batches, options) => next.append(batches.toReversed(), options),
  }),
  'gives the version before the last of a longer append': outcomesBy((outcome, batches) =>
    outcome.status === 'appended' && batches[0]!.events.length >= 3
      ? { status: 'appended', batches: outcome.batches.map((batch) => ({ ...batch, version: batch.version - 1 })) }
      : outcome,
  ),
  'gives the position of the last batch for all': outcomesBy((outcome) => {
    if (outcome.status !== 'appended') return outcome;
    const { position } = outcome.batches.at(-1)!;
    return { status: 'appended', batches: outcome.batches.map((batch) => ({ ...batch, position })) };
  }),
};

export const sizeMutants: Mutants = {
  'cuts payloads at 1 MB': batchesBy((batch) => ({
    ...batch,
    events: batch.events.map((event) => ({ ...event, data: event.data.slice(0, 1024 * 1024) })),
  })),
  'cuts metadata at 64 kB': batchesBy((batch) => ({
    ...batch,
    events: batch.events.map((event) => ({ ...event, metadata: event.metadata.slice(0, 65_536) })),
  })),
  'drops events above the first 500 of an append': (next) => ({
    append: (batches, options) => {
      return next.append(
        batches.map((batch) => ({ ...batch, events: batch.events.slice(0, 500) })),
        options,
      );
    },
  }),
  'writes large appends in two transactions': (next) => ({
    async append(batches, options) {
      if (batches.length < 100) return next.append(batches, options);
      const one = await next.append(batches.slice(0, 50));
      const two = await next.append(batches.slice(50));
      if (one.status !== 'appended' || two.status !== 'appended') return two;
      return { status: 'appended', batches: [...one.batches, ...two.batches] };
    },
  }),
  'keeps times in 32 bits': batchesBy((batch) => ({
    ...batch,
    events: batch.events.map((event) => ({ ...event, timestamp: event.timestamp | 0 })),
  })),
};

export const idempotenceMutants: Mutants = {
  'forgets idempotence': batchesBy((batch) => ({
    ...batch,
    events: batch.events.map((event) => ({ ...event, id: crypto.randomUUID() })),
  })),
  'compares versions before ids': (next) => ({
    append: async (batches, options) => (await checkNumbers(next, batches)) ?? next.append(batches, options),
  }),
  'keeps ids apart by stream': batchesBy((batch) => ({
    ...batch,
    events: batch.events.map((event) => ({ ...event, id: `${batch.stream}/${event.id}` })),
  })),
  'does not find ids again that were made for their append': (next) => {
    const made = new Set<string>();
    return {
      append(batches, options) {
        for (const { events, idsAreNew } of batches) if (idsAreNew) for (const { id } of events) made.add(id);
        const again = (batch: EventBatch) => !batch.idsAreNew && batch.events.some(({ id }) => made.has(id));
        const renamed = batches.map((batch) =>
          again(batch)
            ? {
                ...batch,
                events: batch.events.map((event) => ({ ...event, id: `${event.id} ${crypto.randomUUID()}` })),
              }
            : batch,
        );
        return next.append(renamed, options);
      },
    };
  },
  'looks for no ids where some were made for the append': (next) => ({
    append: (batches, options) =>
      next.append(
        batches.some(({ idsAreNew }) => idsAreNew) ? batches.map((batch) => ({ ...batch, idsAreNew: true })) : batches,
        options,
      ),
  }),
  'looks for the first id only': (next) => ({
    async append(batches, options) {
      const [first, ...rest] = batches[0]!.events;
      const renamed = rest.map((event) => ({ ...event, id: `${event.id} ${crypto.randomUUID()}` }));
      return next.append([{ ...batches[0]!, events: [first!, ...renamed] }, ...batches.slice(1)], options);
    },
  }),
  'appends the new ones among stored ids': (next) => ({
    async append(batches, options) {
      const outcome = await next.append(batches, options);
      if (outcome.status !== 'existing') return outcome;
      const known = new Set(outcome.events.map(({ id }) => id));
      const rest = any(batches)
        .map((batch) => ({ ...batch, events: batch.events.filter(({ id }) => !known.has(id)) }))
        .filter((batch) => batch.events.length > 0);
      if (rest.length > 0) await next.append(rest);
      return outcome;
    },
  }),
  'tells one stored event of many': outcomesBy((outcome) =>
    outcome.status === 'existing' ? { ...outcome, events: outcome.events.slice(0, 1) } : outcome,
  ),
  'gives the events that were asked for as those that are stored': outcomesBy((outcome, batches) => {
    if (outcome.status !== 'existing') return outcome;
    const asked = new Map(batches.flatMap(({ events }) => events.map((event) => [event.id, event])));
    return { ...outcome, events: outcome.events.map((event) => ({ ...event, ...asked.get(event.id) })) };
  }),
};

export const orderMutants: Mutants = {
  'finds conflicts before stored ids': (next) => ({
    append: async (batches, options) => (await checkNumbers(next, batches)) ?? next.append(batches, options),
  }),
  'finds conflicts before deleted streams': (next) => ({
    async append(batches, options) {
      const outcome = await next.append(batches, options);
      return outcome.status === 'deleted' ? ((await checkNumbers(next, batches)) ?? outcome) : outcome;
    },
  }),
  'finds deleted streams before stored ids': (next) => ({
    async append(batches, options) {
      const outcome = await next.append(batches, options);
      if (outcome.status !== 'existing') return outcome;
      const streams = await next.listStreams({ limit: 1000 });
      const gone = batches.find((batch) => streams.some(({ stream, deleted }) => deleted && stream === batch.stream));
      return gone ? { status: 'deleted', stream: gone.stream } : outcome;
    },
  }),
  'finds matches before anything else': (next) => ({
    async append(batches, options) {
      const { condition } = options ?? {};
      const found =
        condition && (await next.readAll({ after: condition.after, limit: 1, query: condition.failIfEventsMatch }));
      return found?.[0] ? { status: 'matched', position: found[0].position } : next.append(batches, options);
    },
  }),
  'tells of the last batch that is refused': (next) => ({
    async append(batches, options) {
      const outcome = await next.append(batches, options);
      if (outcome.status !== 'conflict' && outcome.status !== 'deleted') return outcome;
      return next.append(batches.toReversed(), options);
    },
  }),
};
