// The suite is only worth something if it turns red on key stores that are wrong: each mutant breaks one promise of a
// correct one.
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryKeyStore } from '../../src/adapters/memory/memory-key-store.ts';
import type { KeyStore } from '../../src/events/key-store.ts';
import { keyStoreConformance } from '../../src/testing/key-store-conformance.ts';
import { failingCases } from './failing-cases.ts';

const pause = () => new Promise((resolve) => setImmediate(resolve));

const withSubjects = (next: MemoryKeyStore, rename: (subject: string) => string): Partial<KeyStore> => ({
  get: (subject) => next.get(rename(subject)),
  create: (subject) => next.create(rename(subject)),
  delete: (subject) => next.delete(rename(subject)),
});

const withKeys = (next: MemoryKeyStore, change: (key: Uint8Array) => Uint8Array): Partial<KeyStore> => ({
  async get(subject) {
    const key = await next.get(subject);
    return key && change(key);
  },
  create: async (subject) => change(await next.create(subject)),
});

/** Methods that replace those of a correct key store; `next` is the correct one. */
const mutants: Record<string, (next: MemoryKeyStore) => Partial<KeyStore>> = {
  'has a key for everybody': (next) => ({ get: (subject) => next.create(subject) }),
  'never finds a key': () => ({ get: async () => undefined }),
  'throws where there is no key to delete': (next) => ({
    async delete(subject) {
      if (!(await next.get(subject))) throw new Error('no such key');
      await next.delete(subject);
    },
  }),
  'gives keys of 16 bytes': (next) => withKeys(next, (key) => key.subarray(0, 16)),
  'gives keys as text': (next) => withKeys(next, (key) => Buffer.from(key).toString('hex') as unknown as Uint8Array),
  'has one key for all': (next) => withSubjects(next, () => 'all'),
  'folds the case of subjects': (next) => withSubjects(next, (subject) => subject.toLowerCase()),
  'trims subjects': (next) => withSubjects(next, (subject) => subject.trim()),
  'normalizes subjects': (next) => withSubjects(next, (subject) => subject.normalize('NFC')),
  'cuts subjects': (next) => withSubjects(next, (subject) => subject.slice(0, 200)),
  'replaces a key that is there': (next) => ({
    async create(subject) {
      await next.delete(subject);
      return next.create(subject);
    },
  }),
  'looks first and creates later': (next) => ({
    async create(subject) {
      const found = await next.get(subject);
      await pause();
      if (found) return found;
      await next.delete(subject);
      return next.create(subject);
    },
  }),
  'gives the loser of a race a key of its own': (next) => {
    const running = new Set<string>();
    return {
      async create(subject) {
        if (running.has(subject)) return randomBytes(32);
        running.add(subject);
        await pause();
        running.delete(subject);
        return next.create(subject);
      },
    };
  },
  'says that it is kept before it is': (next) => ({
    async create(subject) {
      const found = await next.get(subject);
      if (found) return found;
      const keys = new MemoryKeyStore();
      const key = await keys.create(subject);
      setImmediate(() => void next.create(subject));
      return key;
    },
  }),
  'does not delete': () => ({ delete: async () => {} }),
  'deletes a little later': (next) => ({
    async delete(subject) {
      setImmediate(() => void next.delete(subject));
    },
  }),
  'hides a deleted key, and brings it back': (next) => {
    const hidden = new Set<string>();
    return {
      get: async (subject) => (hidden.has(subject) ? undefined : next.get(subject)),
      async create(subject) {
        hidden.delete(subject);
        return next.create(subject);
      },
      delete: async (subject) => void hidden.add(subject),
    };
  },
  'derives a key from its subject': () => {
    const created = new Set<string>();
    const derived = (subject: string) => new Uint8Array(createHash('sha256').update(subject).digest());
    return {
      get: async (subject) => (created.has(subject) ? derived(subject) : undefined),
      async create(subject) {
        created.add(subject);
        return derived(subject);
      },
      delete: async (subject) => void created.delete(subject),
    };
  },
  'keeps a tombstone': (next) => {
    const deleted = new Set<string>();
    return {
      async create(subject) {
        if (deleted.has(subject)) throw new Error('the subject was forgotten');
        return next.create(subject);
      },
      async delete(subject) {
        deleted.add(subject);
        await next.delete(subject);
      },
    };
  },
  'deletes whatever begins so': (next) => {
    const subjects = new Set<string>();
    return {
      create(subject) {
        subjects.add(subject);
        return next.create(subject);
      },
      async delete(subject) {
        for (const each of subjects) if (each.startsWith(subject)) await next.delete(each);
      },
    };
  },
  'deletes by pattern': (next) => {
    const subjects = new Set<string>();
    return {
      create(subject) {
        subjects.add(subject);
        return next.create(subject);
      },
      async delete(subject) {
        const pattern = new RegExp(`^${subject.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&').replaceAll('%', '.*')}$`);
        for (const each of subjects) if (pattern.test(each)) await next.delete(each);
      },
    };
  },
  'gives out the key itself': () => {
    const keys = new Map<string, Uint8Array>();
    return {
      get: async (subject) => keys.get(subject),
      async create(subject) {
        const key = keys.get(subject) ?? randomBytes(32);
        keys.set(subject, key);
        return key;
      },
      delete: async (subject) => void keys.delete(subject),
    };
  },
  'gives out the key itself once more': () => {
    const keys = new Map<string, Uint8Array>();
    return {
      get: async (subject) => keys.get(subject),
      async create(subject) {
        const key = keys.get(subject) ?? randomBytes(32);
        keys.set(subject, key);
        return new Uint8Array(key);
      },
      delete: async (subject) => void keys.delete(subject),
    };
  },
};

function mutate(next: MemoryKeyStore, mutant: (next: MemoryKeyStore) => Partial<KeyStore>): KeyStore {
  return {
    get: (subject) => next.get(subject),
    create: (subject) => next.create(subject),
    delete: (subject) => next.delete(subject),
    ...mutant(next),
  };
}

/** Mutants of a key store that others have the storage of, too: each one keeps to itself what it should not. */
const apart: Record<string, (next: MemoryKeyStore) => Partial<KeyStore>> = {
  'keeps keys to itself': () => {
    const own = new MemoryKeyStore();
    return withSubjects(own, (subject) => subject);
  },
  'remembers keys that others delete': (next) => {
    const known = new Map<string, Uint8Array>();
    return {
      async create(subject) {
        const key = await next.create(subject);
        known.set(subject, key);
        return key;
      },
      get: async (subject) => known.get(subject) ?? next.get(subject),
      async delete(subject) {
        known.delete(subject);
        await next.delete(subject);
      },
    };
  },
};

function failures(mutant: (next: MemoryKeyStore) => Partial<KeyStore>): Promise<string[]> {
  let storage: MemoryKeyStore;
  return failingCases((runner) =>
    keyStoreConformance(runner, {
      async create() {
        storage = new MemoryKeyStore();
        return mutate(storage, mutant);
      },
      reopen: async () => mutate(storage, mutant),
    }),
  );
}

describe('the suite for key stores', () => {
  it('passes a correct key store', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  it.each(Object.entries({ ...mutants, ...apart }))('notices a key store that %s', async (_, mutant) => {
    expect(await failures(mutant)).not.toEqual([]);
  });
});
