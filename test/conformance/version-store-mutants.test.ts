// The suite is only worth something if it turns red on stores that are wrong: each mutant breaks one promise of a correct
// store.
import { describe, expect, it } from 'vitest';
import { isMigrationError } from '../../src/core/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import type {
  CommitOutcome,
  CommitRequest,
  FailedCheck,
  Retention,
  StoredVersion,
  VersionCheck,
  VersionStore,
} from '../../src/state/version-store.ts';
import { versionStoreConformance } from '../../src/testing/version-store-conformance.ts';
import { failingCases } from './failing-cases.ts';

type Next = MemoryVersionStore;
const pause = () => new Promise((resolve) => setImmediate(resolve));

const renamed = (request: CommitRequest, rename: (id: string) => string): CommitRequest => ({
  ...request,
  writes: request.writes.map((write) => ({ ...write, aggregateId: rename(write.aggregateId) })),
  checks: request.checks.map((check) =>
    'prefix' in check
      ? { ...check, prefix: rename(check.prefix) }
      : { ...check, aggregateId: rename(check.aggregateId) },
  ),
});

const withIds = (next: Next, rename: (id: string) => string): Partial<VersionStore> => ({
  commit: (request) => next.commit(renamed(request, rename)),
  latestVersion: (id) => next.latestVersion(rename(id)),
  read: (id, at) => next.read(rename(id), at),
  history: (id, page) => next.history(rename(id), page),
});

const withRequests = (next: Next, change: (request: CommitRequest) => CommitRequest): Partial<VersionStore> => ({
  commit: (request) => next.commit(change(request)),
});

const withChecks = (next: Next, isKept: (check: VersionCheck) => boolean): Partial<VersionStore> =>
  withRequests(next, (request) => ({ ...request, checks: request.checks.filter(isKept) }));

const withoutTooOld = async <T>(reading: Promise<T>, instead: T): Promise<T> =>
  reading.catch((error: unknown) => {
    if (isMigrationError(error, 'SNAPSHOT_TOO_OLD')) return instead;
    throw error;
  });

/** As a store whose outcome is changed. */
const withOutcome = (next: Next, change: (outcome: CommitOutcome) => CommitOutcome): Partial<VersionStore> => ({
  commit: async (request) => change(await next.commit(request)),
});

const withPrepared = (next: Next, change: (request: CommitRequest) => CommitRequest): Partial<VersionStore> => ({
  prepare: (id, request) => next.prepare(id, change(request)),
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
    const checks = checked
      ? request.checks.filter((check) => 'aggregateId' in check && check.aggregateId === write.aggregateId)
      : [];
    last = await next.commit({ ...request, checks, writes: [write] });
    if (last.status !== 'committed') return last;
    versions.push(...last.versions);
    await pause();
  }
  return { ...(last as Extract<CommitOutcome, { status: 'committed' }>), versions };
}

/** Retentions that are taken wrongly, in one place. */
function retentionMutants(
  where: string,
  apply: (next: Next, change: (retention: Retention) => Retention) => Partial<VersionStore>,
): Record<string, (next: Next) => Partial<VersionStore>> {
  const changes: Record<string, (retention: Retention) => Retention> = {
    'removes all but one': ({ keepVersions, ...rest }) => ({ ...rest, keepVersions: keepVersions && 1 }),
    'takes one too many': ({ keepVersions, ...rest }) => ({ ...rest, keepVersions: keepVersions && keepVersions - 1 }),
    'ignores the count': ({ keepVersions: _, ...rest }) => rest,
    'ignores the bytes': ({ keepBytes: _, ...rest }) => rest,
    'takes a byte too many': ({ keepBytes, ...rest }) => ({ ...rest, keepBytes: keepBytes && keepBytes - 1 }),
    'ignores the age': ({ keepSince: _, ...rest }) => rest,
    'takes what was replaced at the very time': ({ keepSince, ...rest }) => ({
      ...rest,
      keepSince: keepSince && keepSince + 1,
    }),
    'knows no grace': ({ graceSince: _, ...rest }) => rest,
    'is too graceful': ({ graceSince, ...rest }) => ({ ...rest, graceSince: graceSince && graceSince - 10 }),
    'keeps one where no limit is given': (retention) =>
      Object.keys(retention).length === 1 ? { ...retention, keepVersions: 1 } : retention,
  };
  return Object.fromEntries(
    Object.entries(changes).map(([title, change]) => [`${title}, in ${where}`, (next: Next) => apply(next, change)]),
  );
}

/** Methods that replace those of a correct store; `next` is the correct one. */
const mutants: Record<string, (next: Next) => Partial<VersionStore>> = {
  'does nothing besides': (next) => ({ commit: (request, _options) => next.commit(request) }),
  'writes before it does something besides': (next) => ({
    async commit(request, options) {
      const outcome = await next.commit(request);
      if (outcome.status === 'committed') await options?.within?.(outcome, undefined);
      return outcome;
    },
  }),
  'does something besides though it is refused': (next) => ({
    async commit(request, options) {
      const outcome = await next.commit(request, options);
      const nothing = { status: 'committed', sequence: 0, timestamp: 0, versions: [] } as const;
      if (outcome.status !== 'committed') await options?.within?.(nothing, undefined);
      return outcome;
    },
  }),
  'ignores checks': (next) => ({ commit: (request) => next.commit({ ...request, checks: [] }) }),
  'ignores the check of what must not exist': (next) =>
    withChecks(next, (check) => !('version' in check) || check.version > 0),
  'ignores checks of what is unchanged': (next) =>
    withChecks(next, (check) => !('aggregateId' in check && 'sequence' in check)),
  'ignores checks of prefixes': (next) => withChecks(next, (check) => !('prefix' in check)),
  'ignores checks of the empty prefix': (next) =>
    withChecks(next, (check) => !('prefix' in check && check.prefix === '')),
  'takes a prefix for an id': (next) =>
    withRequests(next, (request) => ({
      ...request,
      checks: request.checks.map((check) =>
        'prefix' in check ? { aggregateId: check.prefix, sequence: check.sequence } : check,
      ),
    })),
  'checks one sequence too late': (next) =>
    withRequests(next, (request) => ({
      ...request,
      checks: request.checks.map((check) => ('sequence' in check ? { ...check, sequence: check.sequence + 1 } : check)),
    })),
  'checks one sequence too early': (next) =>
    withRequests(next, (request) => ({
      ...request,
      checks: request.checks.map((check) => ('sequence' in check ? { ...check, sequence: check.sequence - 1 } : check)),
    })),
  'takes the wildcards of LIKE in a prefix': (next) =>
    withRequests(next, (request) => ({
      ...request,
      checks: request.checks.map((check) =>
        'prefix' in check ? { ...check, prefix: check.prefix.split(/[%_]/)[0]! } : check,
      ),
    })),
  'checks only what it writes': (next) => ({
    commit: (request) => {
      const written = new Set(request.writes.map((write) => write.aggregateId));
      const isOwn = (check: VersionCheck) => 'aggregateId' in check && written.has(check.aggregateId);
      return next.commit({ ...request, checks: request.checks.filter(isOwn) });
    },
  }),
  'checks at least the version': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      if (outcome.status !== 'conflict') return outcome;
      const tooLow = outcome.failed.some(
        ({ check, actualVersion }) => 'version' in check && check.version > actualVersion,
      );
      return tooLow ? outcome : next.commit({ ...request, checks: [] });
    },
  }),
  'checks first and writes later': (next) => ({
    async commit(request) {
      const failed: FailedCheck[] = [];
      for (const check of request.checks) {
        if (!('version' in check)) continue;
        const actualVersion = await next.latestVersion(check.aggregateId);
        if (check.version !== actualVersion) failed.push({ check, aggregateId: check.aggregateId, actualVersion });
      }
      await pause();
      return failed.length > 0 ? { status: 'conflict', failed } : next.commit({ ...request, checks: [] });
    },
  }),
  'is not atomic': (next) => ({ commit: (request) => oneByOne(next, request, true) }),
  'shows half a commit': (next) => ({
    async commit(request) {
      const probe = await next.commit({ ...request, writes: [] });
      return probe.status !== 'committed' ? probe : oneByOne(next, request, false);
    },
  }),
  'names one failed check only': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      return outcome.status === 'conflict' ? { ...outcome, failed: outcome.failed.slice(0, 1) } : outcome;
    },
  }),
  'reports a wrong actual version': (next) =>
    withOutcome(next, (outcome) =>
      outcome.status === 'conflict'
        ? { ...outcome, failed: outcome.failed.map((one) => ({ ...one, actualVersion: one.actualVersion + 1 })) }
        : outcome,
    ),
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
  'reads the newest as of any time': (next) => ({
    read: (id, at) => next.read(id, at && 'time' in at ? undefined : at),
  }),
  'reads what was before a time, not at it': (next) => ({
    read: (id, at) => next.read(id, at && 'time' in at ? { time: at.time - 1 } : at),
  }),
  'lets times go back': (next) => ({
    async history(id, page) {
      const found = await next.history(id, page);
      return found.map((version) => ({ ...version, timestamp: version.timestamp - (version.version === 3 ? 5 : 0) }));
    },
  }),
  'says the time that it was given': (next) => ({
    async commit(request) {
      const outcome = await next.commit(request);
      return outcome.status === 'committed' ? { ...outcome, timestamp: request.timestamp } : outcome;
    },
  }),
  'forgets checksums': (next) =>
    withRequests(next, (request) => ({
      ...request,
      writes: request.writes.map(({ aggregateId, state }) => ({ aggregateId, state })),
    })),
  'has one checksum for all versions': (next) => ({
    async history(id, page) {
      const found = await next.history(id, page);
      return found.map((version) => ({ ...version, checksum: found[0]!.checksum }));
    },
  }),
  'breaks long states': (next) =>
    withStates(next, (version) => ({
      ...version,
      state: JSON.stringify(version.state ?? null).length > 4096 ? 'damaged' : version.state,
    })),
  'takes a deletion for null': (next) =>
    withRequests(next, (request) => ({
      ...request,
      writes: request.writes.map((write) => ({ ...write, state: write.state === undefined ? null : write.state })),
    })),
  'begins anew after a deletion': (next) => ({
    async latestVersion(id) {
      return (await next.read(id))?.state === undefined ? 0 : next.latestVersion(id);
    },
  }),
  'hides deletions from who reads': (next) => ({
    async read(id, at) {
      const found = await next.read(id, at);
      return found?.state === undefined ? undefined : found;
    },
  }),
  'hides deletions from who follows the changes': (next) => ({
    changes: async (page) => (await next.changes(page)).filter(({ state }) => state !== undefined),
  }),
  'takes what is deleted for existing': (next) => ({
    async commit(request) {
      const failed: FailedCheck[] = [];
      for (const check of request.checks) {
        if (!('version' in check) || check.version > 0) continue;
        const actualVersion = await next.latestVersion(check.aggregateId);
        if (actualVersion > 0) failed.push({ check, aggregateId: check.aggregateId, actualVersion });
      }
      return failed.length > 0 ? { status: 'conflict', failed } : next.commit(request);
    },
  }),
  'refuses the own version of what is deleted': (next) => ({
    async commit(request) {
      for (const check of request.checks) {
        if (!('version' in check) || check.version === 0) continue;
        const found = await next.read(check.aggregateId);
        if (!found || found.state !== undefined) continue;
        return {
          status: 'conflict',
          failed: [{ check, aggregateId: check.aggregateId, actualVersion: found.version }],
        };
      }
      return next.commit(request);
    },
  }),
  'scans as of now': (next) => ({ scan: (page) => next.scan({ ...page, sequence: Number.MAX_SAFE_INTEGER }) }),
  'scans in the order of JavaScript': (next) => ({
    async scan(page) {
      const found = await next.scan({ ...page, limit: 1000 });
      return [...found].sort((a, b) => (a.aggregateId < b.aggregateId ? -1 : 1)).slice(0, page.limit);
    },
  }),
  'scans with what begins the page': (next) => ({
    async scan(page) {
      const { after } = page;
      const first = after === undefined ? undefined : await next.read(after, { sequence: page.sequence });
      const found = await next.scan(page);
      return first?.state === undefined ? found : [first, ...found].slice(0, page.limit);
    },
  }),
  'scans beyond the prefix': (next) => ({
    scan: (page) => next.scan({ ...page, prefix: page.prefix.slice(0, -1) }),
  }),
  'scans nothing behind U+FFFF': (next) => ({
    scan: async (page) => (await next.scan(page)).filter(({ aggregateId }) => !aggregateId.includes('\u{10ffff}')),
  }),
  'scans too much': (next) => ({ scan: (page) => next.scan({ ...page, limit: page.limit + 1 }) }),
  'lets what is deleted use up a page': (next) => ({
    async scan(page) {
      const now = await next.scan({ ...page, limit: page.limit + 1 });
      const gone = await next.changes({ after: 0, prefix: page.prefix, limit: 1000 });
      const isGone = gone.some(({ state, sequence }) => state === undefined && sequence <= page.sequence);
      return isGone ? now.slice(0, page.limit - 1) : now.slice(0, page.limit);
    },
  }),
  'takes what was removed for what never was': (next) => ({
    read: (id, at) => withoutTooOld(next.read(id, at), undefined),
    scan: (page) => withoutTooOld(next.scan(page), []),
  }),
  'takes it so as of a time': (next) => ({
    read: (id, at) => (at && 'time' in at ? withoutTooOld(next.read(id, at), undefined) : next.read(id, at)),
  }),
  'takes it so in a scan': (next) => ({ scan: (page) => withoutTooOld(next.scan(page), []) }),
  'refuses a number that was removed': (next) => ({
    async read(id, at) {
      const found = await next.read(id, at);
      if (!found && at && 'version' in at && at.version === 1) await next.read(id, { sequence: 0 });
      return found;
    },
  }),
  'cuts commits into pages of changes': (next) => ({
    changes: async (page) => (await next.changes({ ...page, limit: 1000 })).slice(0, page.limit),
  }),
  'finishes the commit that a page of changes can not hold': (next) => ({
    async changes(page) {
      const found = await next.changes({ ...page, limit: 1000 });
      const last = found[page.limit - 1]?.sequence ?? Infinity;
      return found.filter(({ sequence }) => sequence <= last);
    },
  }),
  'gives one commit a page': (next) => ({ changes: (page) => next.changes({ ...page, limit: 1 }) }),
  'gives changes backwards': (next) => ({ changes: async (page) => (await next.changes(page)).toReversed() }),
  'gives changes from the one that is known': (next) => ({
    changes: (page) => next.changes({ ...page, after: page.after - 1 }),
  }),
  'gives all changes, whatever the prefix': (next) => ({ changes: (page) => next.changes({ ...page, prefix: '' }) }),
  'removes nothing': () => ({ vacuum: async () => 0 }),
  'removes what the horizon sees': (next) => ({
    vacuum: (retention) => next.vacuum({ ...retention, horizon: Infinity }),
  }),
  ...retentionMutants('vacuum', (next, change) => ({ vacuum: (retention) => next.vacuum(change(retention)) })),
  ...retentionMutants('a commit', (next, change) =>
    withRequests(next, ({ retention, ...request }) => ({ ...request, retention: retention && change(retention) })),
  ),
  'ignores the retention of a commit': (next) =>
    withRequests(next, (request) => ({ ...request, retention: undefined })),
  'retains by removing everywhere': (next) => ({
    async commit(request) {
      const outcome = await next.commit({ ...request, retention: undefined });
      if (request.retention) await next.vacuum({ ...request.retention, keepVersions: 2 });
      return outcome;
    },
  }),
  'removes even when it refuses': (next) => ({
    async commit(request) {
      if (request.retention) await next.vacuum(request.retention);
      return next.commit(request);
    },
  }),
  'shows what is prepared': (next) => ({
    async prepare(_, request) {
      const outcome = await next.commit(request);
      return outcome.status === 'committed' ? { status: 'prepared' } : outcome;
    },
    decide: async (_, decision) =>
      decision === 'commit' ? { status: 'committed', sequence: 9999, timestamp: 0, versions: [1] } : undefined,
  }),
  'forgets what is prepared': () => ({ decide: async () => undefined }),
  'commits what is rolled back': (next) => ({ decide: (id, _, timestamp) => next.decide(id, 'commit', timestamp) }),
  'prepares without a lock': (next) => {
    const requests = new Map<string, CommitRequest>();
    return {
      async prepare(id, request) {
        requests.set(id, request);
        return { status: 'prepared' };
      },
      async decide(id, decision, timestamp) {
        const request = requests.get(id);
        requests.delete(id);
        if (!request || decision === 'rollback') return undefined;
        return (await next.commit({ ...request, checks: [], timestamp })) as Extract<
          CommitOutcome,
          { sequence: number }
        >;
      },
      prepared: async () => [...requests].map(([id, { timestamp }]) => ({ id, timestamp })),
    };
  },
  'checks nothing when it prepares': (next) => withPrepared(next, (request) => ({ ...request, checks: [] })),
  'locks no prefixes': (next) =>
    withPrepared(next, ({ checks, ...request }) => ({
      ...request,
      checks: checks.filter((check) => !('prefix' in check)),
    })),
  'locks only what is written': (next) => ({
    async prepare(id, request) {
      const probe = await next.prepare(`${id}-probe`, request);
      if (probe.status !== 'prepared') return probe;
      await next.decide(`${id}-probe`, 'rollback', 0);
      return next.prepare(id, { ...request, checks: [] });
    },
  }),
  'locks what is only read by a commit': (next) => ({
    async commit(request) {
      for (const check of request.checks) {
        if ('prefix' in check) continue;
        const probe = await next.prepare('probe', { ...request, writes: [], checks: [check] });
        if (probe.status === 'locked') return probe;
        await next.decide('probe', 'rollback', 0);
      }
      return next.commit(request);
    },
  }),
  'prepares a check of what another one writes': (next) => {
    const later = new Map<string, CommitRequest>();
    return {
      async prepare(id, request) {
        const outcome = await next.prepare(id, request);
        const isOfCheck =
          outcome.status === 'locked' && request.writes.every((write) => write.aggregateId !== outcome.aggregateId);
        if (!isOfCheck) return outcome;
        later.set(id, request);
        return { status: 'prepared' };
      },
    };
  },
  'prepares anew what is prepared': (next) => ({
    async prepare(id, request) {
      if ((await next.prepared()).some((each) => each.id === id)) await next.decide(id, 'rollback', 0);
      return next.prepare(id, request);
    },
  }),
  'decides again and again': (next) => {
    const decided = new Map<string, Awaited<ReturnType<Next['decide']>>>();
    return {
      async decide(id, decision, timestamp) {
        const outcome = (await next.decide(id, decision, timestamp)) ?? decided.get(id);
        decided.set(id, outcome ?? { status: 'committed', sequence: 1, timestamp: 0, versions: [] });
        return outcome;
      },
    };
  },
  'commits as of when it prepared': (next) => {
    const times = new Map<string, number>();
    return {
      prepare(id, request) {
        times.set(id, request.timestamp);
        return next.prepare(id, request);
      },
      decide: (id, decision) => next.decide(id, decision, times.get(id) ?? 0),
    };
  },
  'names the wrong holder': (next) =>
    withOutcome(next, (outcome) => (outcome.status === 'locked' ? { ...outcome, preparedBy: 'somebody' } : outcome)),
  'lists nothing as prepared': () => ({ prepared: async () => [] }),
  'lists what is prepared backwards': (next) => ({ prepared: async () => (await next.prepared()).toReversed() }),
  'drops the retention of what is prepared': (next) =>
    withPrepared(next, (request) => ({ ...request, retention: undefined })),
  'drops the checksums of what is prepared': (next) =>
    withPrepared(next, (request) => ({
      ...request,
      writes: request.writes.map(({ aggregateId, state }) => ({ aggregateId, state })),
    })),
  'drops the deletions of what is prepared': (next) =>
    withPrepared(next, (request) => ({
      ...request,
      writes: request.writes.filter(({ state }) => state !== undefined),
    })),
  'commits synchronously without checks': (next) => ({
    commitSync: (request) => next.commitSync({ ...request, checks: [] }),
  }),
  'only says that it commits synchronously': (next) => ({
    commitSync: () => ({ status: 'committed', sequence: next === undefined ? 0 : 1, timestamp: 0, versions: [1] }),
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
  const wrong = mutant(next);
  const { commit } = wrong;
  return {
    init: () => next.init(),
    commit: (request, options) => next.commit(request, options),
    lastSequence: () => next.lastSequence(),
    latestVersion: (id) => next.latestVersion(id),
    read: (id, at) => next.read(id, at),
    history: (id, page) => next.history(id, page),
    scan: (page) => next.scan(page),
    changes: (page) => next.changes(page),
    vacuum: (retention) => next.vacuum(retention),
    identity: () => next.identity(),
    prepare: (id, request) => next.prepare(id, request),
    decide: (id, decision, timestamp) => next.decide(id, decision, timestamp),
    prepared: () => next.prepared(),
    commitSync: (request) => next.commitSync(request),
    ...wrong,
    // A commit that is wrong otherwise does right what it knows nothing of.
    ...(commit && {
      commit: (request, options) => (commit.length < 2 && options ? next : wrong).commit!(request, options),
    }),
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
