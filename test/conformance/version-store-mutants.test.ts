// The suite is only worth something if it turns red on stores that are wrong: each mutant breaks one promise of a correct
// store.
import { describe, expect, it } from 'vitest';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import type { CommitOutcome, CommitRequest, StoredVersion, VersionStore } from '../../src/state/version-store.ts';
import { versionStoreConformance } from '../../src/testing/version-store-conformance.ts';
import { failingCases } from './failing-cases.ts';

type Next = MemoryVersionStore;
const pause = () => new Promise((resolve) => setImmediate(resolve));

const withIds = (next: Next, rename: (id: string) => string): Partial<VersionStore> => ({
  commit: ({ writes, checks, ...rest }) =>
    next.commit({
      ...rest,
      writes: writes.map((write) => ({ ...write, aggregateId: rename(write.aggregateId) })),
      checks: checks.map((check) => ({ ...check, aggregateId: rename(check.aggregateId) })),
    }),
  latestVersion: (id) => next.latestVersion(rename(id)),
  read: (id, at) => next.read(rename(id), at),
  history: (id, page) => next.history(rename(id), page),
});

const withStates = (next: Next, change: (version: StoredVersion) => StoredVersion): Partial<VersionStore> => ({
  async read(id, at) {
    const found = await next.read(id, at);
    return found && change(found);
  },
});

/** Commits the writes one by one. */
async function oneByOne(next: Next, { writes, ...request }: CommitRequest, checked: boolean): Promise<CommitOutcome> {
  const versions: number[] = [];
  let last: CommitOutcome | undefined;
  for (const write of writes) {
    const checks = checked ? request.checks.filter(({ aggregateId }) => aggregateId === write.aggregateId) : [];
    last = await next.commit({ ...request, checks, writes: [write] });
    if (last.status === 'conflict') return last;
    versions.push(...last.versions);
    await pause();
  }
  return { ...(last as Extract<CommitOutcome, { status: 'committed' }>), versions };
}

/** Methods that replace those of a correct store; `next` is the correct one. */
const mutants: Record<string, (next: Next) => Partial<VersionStore>> = {
  'ignores checks': (next) => ({ commit: (request) => next.commit({ ...request, checks: [] }) }),
  'ignores the check of what must not exist': (next) => ({
    commit: (request) => next.commit({ ...request, checks: request.checks.filter(({ version }) => version > 0) }),
  }),
  'checks only what it writes': (next) => ({
    commit: (request) => {
      const written = new Set(request.writes.map(({ aggregateId }) => aggregateId));
      return next.commit({ ...request, checks: request.checks.filter(({ aggregateId }) => written.has(aggregateId)) });
    },
  }),
  'checks at least the version': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      if (outcome.status === 'committed') return outcome;
      const tooLow = outcome.failed.some(({ version, actualVersion }) => version > actualVersion);
      return tooLow ? outcome : next.commit({ ...request, checks: [] });
    },
  }),
  'checks first and writes later': (next) => ({
    async commit(request) {
      const failed = [];
      for (const { aggregateId, version } of request.checks) {
        const actualVersion = await next.latestVersion(aggregateId);
        if (version !== actualVersion) failed.push({ aggregateId, version, actualVersion });
      }
      await pause();
      return failed.length > 0 ? { status: 'conflict', failed } : next.commit({ ...request, checks: [] });
    },
  }),
  'is not atomic': (next) => ({ commit: (request) => oneByOne(next, request, true) }),
  'shows half a commit': (next) => ({
    async commit(request) {
      const probe = await next.commit({ ...request, writes: [] });
      return probe.status === 'conflict' ? probe : oneByOne(next, request, false);
    },
  }),
  'names one failed check only': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      return outcome.status === 'conflict' ? { ...outcome, failed: outcome.failed.slice(0, 1) } : outcome;
    },
  }),
  'reports a wrong actual version': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      if (outcome.status === 'committed') return outcome;
      return { ...outcome, failed: outcome.failed.map((check) => ({ ...check, actualVersion: check.version })) };
    },
  }),
  'gives the versions in an order of its own': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      return outcome.status === 'committed' ? { ...outcome, versions: outcome.versions.toSorted() } : outcome;
    },
  }),
  'lets the sequence lag behind': (next) => ({
    lastSequence: async () => Math.max(0, (await next.lastSequence()) - 1),
  }),
  'says a sequence before its commit is visible': (next) => {
    let announced = 0;
    return {
      async commit(request) {
        announced = (await next.lastSequence()) + 1;
        await pause();
        return next.commit(request);
      },
      lastSequence: async () => Math.max(announced, await next.lastSequence()),
    };
  },
  'reads the newest, whatever is asked': (next) => ({ read: (id) => next.read(id) }),
  'reads the newest as of any sequence': (next) => ({
    read: (id, at) => next.read(id, at && 'sequence' in at ? undefined : at),
  }),
  'takes version 0 for the newest': (next) => ({
    read: (id, at) => next.read(id, at && 'version' in at && at.version === 0 ? undefined : at),
  }),
  'ignores where a page begins': (next) => ({ history: (id, page) => next.history(id, { ...page, fromVersion: 1 }) }),
  'ignores the limit of a page': (next) => ({ history: (id, page) => next.history(id, { ...page, limit: 1000 }) }),
  'gives a history backwards': (next) => ({
    history: async (id, page) => (await next.history(id, page)).toReversed(),
  }),
  'folds the case of ids': (next) => withIds(next, (id) => id.toLowerCase()),
  'trims ids': (next) => withIds(next, (id) => id.replaceAll(' ', '')),
  'normalizes ids': (next) => withIds(next, (id) => id.normalize('NFC')),
  'cuts ids': (next) => withIds(next, (id) => id.slice(0, 20)),
  'gives out what can be changed': (next) =>
    withStates(next, (version) => ({ ...version, state: structuredClone(version.state) })),
  'takes null for nothing': (next) => ({
    async read(id, at) {
      const found = await next.read(id, at);
      return found?.state === null ? undefined : found;
    },
  }),
  'drops NUL': (next) =>
    withStates(next, (version) => ({
      ...version,
      state: typeof version.state === 'string' ? version.state.replaceAll('\0', '') : version.state,
    })),
  'loses __proto__': (next) =>
    withStates(next, (version) => ({ ...version, state: JSON.parse(JSON.stringify(version.state, withoutProto)) })),
  'keeps seconds, not milliseconds': (next) =>
    withStates(next, (version) => ({ ...version, timestamp: version.timestamp | 0 })),
  'removes nothing': () => ({ removeVersions: async () => 0 }),
  'removes what the horizon sees': (next) => ({
    removeVersions: ({ keepVersions }) => next.removeVersions({ keepVersions, horizon: Infinity }),
  }),
  'removes all but one': (next) => ({
    removeVersions: ({ horizon }) => next.removeVersions({ keepVersions: 1, horizon }),
  }),
  'ignores the retention of a commit': (next) => ({
    commit: (request) => next.commit({ ...request, retention: undefined }),
  }),
  'retains by removing everywhere': (next) => ({
    async commit(request) {
      const outcome = await next.commit({ ...request, retention: undefined });
      if (request.retention) await next.removeVersions({ ...request.retention, keepVersions: 2 });
      return outcome;
    },
  }),
  'removes even when it refuses': (next) => ({
    async commit(request) {
      if (request.retention) await next.removeVersions(request.retention);
      return next.commit(request);
    },
  }),
  'has a new identity each time': () => ({ identity: async () => crypto.randomUUID() }),
  'drops everything on init': () => {
    let next = new MemoryVersionStore();
    return {
      async init() {
        next = new MemoryVersionStore();
      },
      identity: () => next.identity(),
    };
  },
};

function withoutProto(this: unknown, key: string, value: unknown) {
  return key === '__proto__' ? undefined : value;
}

/** A correct store with some methods replaced. */
function mutate(mutant: (next: Next) => Partial<VersionStore>): VersionStore {
  const next = new MemoryVersionStore();
  return {
    init: () => next.init(),
    commit: (request) => next.commit(request),
    lastSequence: () => next.lastSequence(),
    latestVersion: (id) => next.latestVersion(id),
    read: (id, at) => next.read(id, at),
    history: (id, page) => next.history(id, page),
    removeVersions: (retention) => next.removeVersions(retention),
    identity: () => next.identity(),
    ...mutant(next),
  };
}

/** Runs the suite over a store, and gives the titles of the cases that failed. */
function failures(create: () => VersionStore): Promise<string[]> {
  return failingCases((runner) => versionStoreConformance(runner, { create: async () => create() }));
}

describe('the suite for version stores', () => {
  it('passes a correct store', async () => {
    expect(await failures(() => new MemoryVersionStore())).toEqual([]);
  });

  it.each(Object.keys(mutants))('notices a store that %s', async (name) => {
    expect(await failures(() => mutate(mutants[name]!))).not.toEqual([]);
  });
});
