// The suite is only worth something if it turns red on replicas that are wrong: each mutant breaks one promise of a correct
// one.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json-value.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import type { Replica, ReplicaRecord, ReplicaWriteOutcome } from '../../src/sync/replica.ts';
import { replicaConformance } from '../../src/testing/replica-conformance.ts';
import { failingCases } from './failing-cases.ts';

type Cards = Replica<JsonObject>;
type Storage = MemoryReplica<JsonObject>;

const pause = () => new Promise((resolve) => setImmediate(resolve));
const conflict: ReplicaWriteOutcome = { status: 'conflict' };
const copy = <T>(value: T): T => structuredClone(value);

const renaming = (next: Storage, rename: (id: string) => string): Partial<Cards> => ({
  read: (id) => next.read(rename(id)),
  write: (id, state, options) => next.write(rename(id), state, options),
});

const reading = (
  next: Storage,
  change: (record: ReplicaRecord<JsonObject>, id: string) => ReplicaRecord<JsonObject>,
): Partial<Cards> => ({ read: async (id) => change(await next.read(id), id) });

const listing = (next: Storage, change: (ids: string[]) => Iterable<string>): Partial<Cards> => ({
  async *ids() {
    const ids: string[] = [];
    for await (const id of next.ids()) ids.push(id);
    yield* change(ids);
  },
});

/** Writes whatever is there. */
const overwrite = async (next: Storage, id: string, state: JsonObject | undefined) =>
  next.write(id, state, { expectedVersion: (await next.read(id)).version });

/** Methods that replace those of a correct replica; `next` is the correct one. */
const records: Record<string, (next: Storage) => Partial<Cards>> = {
  'overwrites what is there': (next) => ({ write: (id, state) => overwrite(next, id, state) }),
  'overwrites a record that was made meanwhile': (next) => ({
    write: (id, state, options) =>
      options.expectedVersion === '0' ? overwrite(next, id, state) : next.write(id, state, options),
  }),
  'removes whatever is there': (next) => ({
    write: (id, state, options) => (state ? next.write(id, state, options) : overwrite(next, id, state)),
  }),
  'says that it has written where it has not': () => ({ write: async () => ({ status: 'written', version: '1' }) }),
  'says that a lost write was made': (next) => ({
    async write(id, state, options) {
      const outcome = await next.write(id, state, options);
      return outcome.status === 'written' ? outcome : { status: 'written', version: (await next.read(id)).version };
    },
  }),
  'says conflict although it has written': (next) => ({
    async write(id, state, options) {
      await next.write(id, state, options);
      return conflict;
    },
  }),
  'throws where a write is lost': (next) => ({
    async write(id, state, options) {
      const outcome = await next.write(id, state, options);
      if (outcome.status === 'conflict') throw new Error('somebody was faster');
      return outcome;
    },
  }),
  'refuses to write what is there already': (next) => ({
    async write(id, state, options) {
      const { state: held } = await next.read(id);
      if (JSON.stringify(held) === JSON.stringify(state) && state) return conflict;
      return next.write(id, state, options);
    },
  }),
  'throws where there is nothing to remove': (next) => ({
    async write(id, state, options) {
      if (!state && !(await next.read(id)).state) throw new Error('no such record');
      return next.write(id, state, options);
    },
  }),
  'throws where there is nothing to read': (next) => ({
    async read(id) {
      const record = await next.read(id);
      if (!record.state) throw new Error('no such record');
      return record;
    },
  }),
  'keeps what was removed': (next) => ({
    write: async (id, state, options) =>
      state ? next.write(id, state, options) : { status: 'written', version: options.expectedVersion },
  }),
  'gives a record that was removed as empty': (next) =>
    reading(next, (record) => ({ ...record, state: record.state ?? (record.version === '0' ? undefined : {}) })),
  'lets no removed record be made again': (next) => ({
    async write(id, state, options) {
      const { state: held, version } = await next.read(id);
      if (!held && version !== '0') return conflict;
      return next.write(id, state, options);
    },
  }),
  'takes the state for its own version': (next) => ({
    read: async (id) => ({ ...(await next.read(id)), version: 'v' }),
    async write(id, state, { expectedVersion }) {
      if (expectedVersion !== 'v') return conflict;
      await overwrite(next, id, state);
      return { status: 'written', version: 'v' };
    },
  }),
  'gives another version at each read': (next) => {
    let reads = 0;
    return {
      read: async (id) => {
        const { state, version } = await next.read(id);
        return { state, version: `${version}.${reads++}` };
      },
      write: (id, state, { expectedVersion }) =>
        next.write(id, state, { expectedVersion: expectedVersion.split('.')[0]! }),
    };
  },
  'tells the version of before': (next) => ({
    async write(id, state, options) {
      const outcome = await next.write(id, state, options);
      return outcome.status === 'written' ? { status: 'written', version: options.expectedVersion } : outcome;
    },
  }),
  'tells no version': (next) => ({
    async write(id, state, options) {
      return { status: (await next.write(id, state, options)).status } as ReplicaWriteOutcome;
    },
  }),
  'has numbers for versions': (next) =>
    reading(next, (record) => ({ ...record, version: Number(record.version) as unknown as string })),
  'drops what is null': (next) =>
    reading(next, ({ state, version }) => ({
      version,
      state: state && Object.fromEntries(Object.entries(state).filter(([, value]) => value !== null)),
    })),
  'normalizes texts': (next) =>
    reading(next, ({ state, version }) => ({
      version,
      state: state && (JSON.parse(JSON.stringify(state).normalize('NFD')) as JsonObject),
    })),
  'has one record for all': (next) => renaming(next, () => 'all'),
  'folds the case of ids': (next) => renaming(next, (id) => id.toLowerCase()),
  'trims ids': (next) => renaming(next, (id) => id.trim()),
  'normalizes ids': (next) => renaming(next, (id) => id.normalize('NFC')),
  'cuts ids at a slash': (next) => renaming(next, (id) => id.split('/').at(-1)!),
  'gives out what it holds': (next) => {
    const held = new Map<string, JsonObject>();
    return {
      async read(id) {
        const record = await next.read(id);
        const key = `${id} ${record.version}`;
        if (record.state && !held.has(key)) held.set(key, copy(record.state));
        return { ...record, state: held.get(key) };
      },
    };
  },
  'keeps what it was given': (next) => {
    const given = new Map<string, JsonObject | undefined>();
    return {
      read: async (id) => ({ ...(await next.read(id)), state: copy(given.get(id)) }),
      async write(id, state, options) {
        const outcome = await next.write(id, state, options);
        if (outcome.status === 'written') given.set(id, state);
        return outcome;
      },
    };
  },
  'forgets the oldest of many': (next) => {
    const ids: string[] = [];
    return {
      async write(id, state, options) {
        if (!ids.includes(id)) ids.push(id);
        if (ids.length > 30) await overwrite(next, ids.shift()!, undefined);
        return next.write(id, state, options);
      },
    };
  },
  'compares first and writes later': (next) => ({
    async write(id, state, options) {
      if ((await next.read(id)).version !== options.expectedVersion) return conflict;
      await pause();
      return overwrite(next, id, state);
    },
  }),
  'compares first and removes later': (next) => ({
    async write(id, state, options) {
      if (state) return next.write(id, state, options);
      if ((await next.read(id)).version !== options.expectedVersion) return conflict;
      await pause();
      return overwrite(next, id, state);
    },
  }),
  'says that it is written before it is': (next) => ({
    async write(id, state, options) {
      const { version } = await next.read(id);
      if (version !== options.expectedVersion) return conflict;
      void pause().then(() => next.write(id, state, options));
      return { status: 'written', version: String(Number(version) + 1) };
    },
  }),
};

const lists: Record<string, (next: Storage) => Partial<Cards>> = {
  'lists nothing': (next) => listing(next, () => []),
  'lists one page': (next) => listing(next, (ids) => ids.slice(0, 50)),
  'lists one twice': (next) => listing(next, (ids) => [...ids, ...ids.slice(-1)]),
  'does not list the last': (next) => listing(next, (ids) => ids.slice(0, -1)),
  'folds what it lists': (next) => listing(next, (ids) => ids.map((id) => id.toLowerCase())),
  'hides what was removed once': (next) => {
    const removed = new Set<string>();
    return {
      ...listing(next, (ids) => ids.filter((id) => !removed.has(id))),
      write(id, state, options) {
        if (!state) removed.add(id);
        return next.write(id, state, options);
      },
    };
  },
  'counts its way through the pages': (next) => ({
    async *ids() {
      for (let offset = 0; ; offset += 5) {
        const ids: string[] = [];
        for await (const id of next.ids()) ids.push(id);
        const page = ids.toSorted().slice(offset, offset + 5);
        yield* page;
        if (page.length < 5) return;
      }
    },
  }),
  'lists what was removed, and brings it back': (next) => {
    const written = new Set<string>();
    return {
      ...reading(next, (record) => (record.version === '0' ? record : { ...record, state: record.state ?? {} })),
      ...listing(next, () => written),
      write(id, state, options) {
        written.add(id);
        return next.write(id, state, options);
      },
    };
  },
};

const watches: Record<string, (next: Storage) => Partial<Cards>> = {
  'tells nothing': () => ({ watch: async () => async () => {} }),
  'tells no removal': (next) => ({
    watch: (listener) => next.watch((id) => next.get(id) && listener(id)),
  }),
  'tells other ids': (next) => ({ watch: (listener) => next.watch((id) => listener(`${id}.`)) }),
  'tells of each record once': (next) => ({
    watch(listener) {
      const told = new Set<string>();
      return next.watch((id) => {
        if (!told.has(id)) listener(id);
        told.add(id);
      });
    },
  }),
  'tells only what differs from what it last told': (next) => ({
    watch(listener) {
      const told = new Map<string, string>();
      return next.watch((id) => {
        void pause()
          .then(pause)
          .then(() => {
            const state = JSON.stringify(next.get(id)) ?? '';
            if (told.get(id) !== state) listener(id);
            told.set(id, state);
          });
      });
    },
  }),
  'begins a little later': (next) => ({
    async watch(listener) {
      const begun = pause().then(() => next.watch(listener));
      return async () => (await begun)();
    },
  }),
  'goes on after its end': (next) => ({
    async watch(listener) {
      await next.watch(listener);
      return async () => {};
    },
  }),
  'ends all when one ends': (next) => {
    const ends: (() => Promise<void>)[] = [];
    return {
      async watch(listener) {
        ends.push(await next.watch(listener));
        return async () => {
          for (const end of ends.splice(0)) await end();
        };
      },
    };
  },
  'can be watched once': (next) => {
    let isWatched = false;
    return {
      async watch(listener) {
        if (isWatched) return async () => {};
        isWatched = true;
        return next.watch(listener);
      },
    };
  },
  'tells one of two that change at once': (next) => ({
    watch(listener) {
      let waits = false;
      return next.watch((id) => {
        if (waits) return;
        waits = true;
        void pause().then(() => {
          waits = false;
          listener(id);
        });
      });
    },
  }),
  'ends by itself': (next) => ({
    async watch(listener, onEnd) {
      const end = await next.watch((id) => {
        listener(id);
        onEnd?.(new Error('enough'));
      });
      return end;
    },
  }),
};

function mutate(next: Storage, mutant: (next: Storage) => Partial<Cards>): Cards {
  return {
    read: (id) => next.read(id),
    write: (id, state, options) => next.write(id, state, options),
    ids: () => next.ids(),
    watch: (listener) => next.watch(listener),
    ...mutant(next),
  };
}

/** Mutants of a replica that others have the storage of, too: each one keeps to itself what it should not. */
const apart: Record<string, (next: Storage) => Partial<Cards>> = {
  'keeps what it writes to itself': () => {
    const own = new MemoryReplica<JsonObject>();
    return { ...renaming(own, (id) => id), ids: () => own.ids(), watch: (listener) => own.watch(listener) };
  },
  'remembers what it has read': (next) => {
    const known = new Map<string, ReplicaRecord<JsonObject>>();
    return {
      async read(id) {
        const record = known.get(id) ?? (await next.read(id));
        known.set(id, record);
        return record;
      },
      write(id, state, options) {
        known.delete(id);
        return next.write(id, state, options);
      },
    };
  },
  'tells only what it has written itself': (next) => {
    const own = new Set<string>();
    return {
      watch: (listener) => next.watch((id) => own.has(id) && listener(id)),
      async write(id, state, options) {
        own.add(id);
        const outcome = await next.write(id, state, options);
        own.delete(id);
        return outcome;
      },
    };
  },
};

function failures(mutant: (next: Storage) => Partial<Cards>, only?: string): Promise<string[]> {
  let storage: Storage;
  const suite = (runner: Parameters<typeof replicaConformance>[0]) =>
    replicaConformance<JsonObject>(runner, {
      async create() {
        storage = new MemoryReplica();
        return mutate(storage, mutant);
      },
      reopen: async () => mutate(storage, mutant),
      state: (n) => ({ title: `é ${n}`, tags: [`t${n}`], note: null }),
      patienceMs: 100,
    });
  return failingCases(suite, only);
}

describe('the suite for replicas', () => {
  it('passes a correct replica', async () => {
    expect(await failures(() => ({}))).toEqual([]);
    expect(await failures(() => ({ watch: undefined as never }))).toEqual([]);
  });

  it.each(Object.entries(records))('notices a replica that %s', async (_, mutant) => {
    const failed = [...(await failures(mutant, 'records')), ...(await failures(mutant, 'racing writes'))];
    expect(failed).not.toEqual([]);
  });

  it.each(Object.entries(lists))('notices a replica that %s', async (_, mutant) => {
    expect(await failures(mutant, 'lists')).not.toEqual([]);
  });

  it.each(Object.entries(watches))('notices a replica that %s', async (_, mutant) => {
    expect(await failures(mutant, 'watching')).not.toEqual([]);
  });

  it.each(Object.entries(apart))('notices a replica that %s', async (_, mutant) => {
    expect(await failures(mutant)).not.toEqual([]);
  });

  it('notices a replica that takes an id it can not have', async () => {
    const suite = (runner: Parameters<typeof replicaConformance>[0]) =>
      replicaConformance<JsonObject>(runner, {
        create: async () => new MemoryReplica(),
        state: (n) => ({ n }),
        isId: (id) => !id.includes('/'),
      });
    expect(await failingCases(suite)).toEqual(['an id that can’t be had is refused']);
  });
});
