import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { KeyStore } from '../events/key-store.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';
import { difficultNames } from './event-adapter/difficult-names.ts';

/** How the suite comes by the key stores it tests. */
export interface KeyStoreConformanceOptions {
  /** A new key store. Its storage may hold the keys of earlier cases: subjects are unique to a case. */
  create(): Promise<KeyStore>;
  /**
   * Another key store over the storage of this one, as another process would have it. To be left out where the keys live
   * in the key store itself.
   */
  reopen?(keys: KeyStore): Promise<KeyStore>;
}

interface CaseContext {
  readonly keys: KeyStore;
  /** Another one over the same storage; the same one where the storage lives inside it. */
  readonly other: KeyStore;
  readonly subject: string;
}

/** The contract of {@link KeyStore}, as tests for any runner. */
export function keyStoreConformance(runner: ConformanceRunner, options: KeyStoreConformanceOptions): void {
  checkSuite(runner, options);
  const define = (title: string, run: (context: CaseContext) => Promise<void>) =>
    runner.it(title, async () => {
      const keys = await options.create();
      const other = options.reopen ? await options.reopen(keys) : keys;
      await run({ keys, other, subject: `subject-${randomUUID()}` });
    });

  runner.describe('key store', () => {
    define('a subject has no key before one is created', async ({ keys, other, subject }) => {
      assert.equal(await keys.get(subject), undefined);
      assert.equal(await other.get(subject), undefined);
    });

    define('a key has 32 bytes, and stays what it is', async ({ keys, other, subject }) => {
      const key = bytes(await keys.create(subject));
      assert.equal(key.length, 32);
      for (const each of [keys, other]) {
        assert.deepEqual(bytes(await each.get(subject)), key);
        assert.deepEqual(bytes(await each.create(subject)), key);
        assert.deepEqual(bytes(await each.get(subject)), key);
      }
    });

    define('each subject has a key of its own', async ({ keys, subject }) => {
      const subjects = Array.from({ length: 20 }, (_, n) => `${subject}-${n}`);
      const created = await Promise.all(subjects.map((each) => keys.create(each)));
      assert.equal(new Set(created.map((key) => bytes(key).toString('hex'))).size, 20);
      for (const [n, each] of subjects.entries())
        assert.deepEqual(await hex(keys, each), bytes(created[n]).toString('hex'));
    });

    define('subjects are told apart to the letter', async ({ keys, other, subject }) => {
      const names = difficultNames.flatMap((name) => [`${subject}${name}`, `${name}${subject}`]);
      const long = subject.padEnd(254, 'x');
      const subjects = [subject, subject.toUpperCase(), `${long}x`, `${long}y`, ...names];
      const created = new Map<string, string>();
      for (const each of subjects) {
        assert.equal(await keys.get(each), undefined, JSON.stringify(each));
        created.set(each, bytes(await keys.create(each)).toString('hex'));
      }
      for (const [each, key] of created) assert.equal(await hex(other, each), key, JSON.stringify(each));
    });

    define('of keys that are created at once all are the same, and are kept', async ({ keys, other, subject }) => {
      for (let round = 0; round < 10; round++) {
        const each = `${subject}-${round}`;
        const created = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 ? keys : other).create(each)));
        const kept = await hex(keys, each);
        assert.deepEqual(
          created.map((key) => bytes(key).toString('hex')),
          created.map(() => kept),
        );
        assert.equal(await hex(other, each), kept);
      }
    });

    define('a deleted key is gone, for everybody', async ({ keys, other, subject }) => {
      await keys.create(subject);
      await other.delete(subject);
      assert.equal(await keys.get(subject), undefined);
      assert.equal(await other.get(subject), undefined);
      await keys.delete(subject);
      assert.equal(await keys.get(subject), undefined);
    });

    define('no key comes back: after it was deleted there is a new one', async ({ keys, other, subject }) => {
      const seen = new Set<string>();
      for (let round = 1; round <= 5; round++) {
        seen.add(bytes(await keys.create(subject)).toString('hex'));
        assert.equal(seen.size, round);
        await other.delete(subject);
      }
    });

    define('deleting a key leaves all others', async ({ keys, other, subject }) => {
      const others = [`${subject}-a`, `${subject} `, subject.toUpperCase(), `${subject}%`, subject.slice(0, -1)];
      await keys.create(subject);
      const before = await Promise.all(others.map(async (each) => bytes(await keys.create(each)).toString('hex')));
      await keys.delete(subject);
      await keys.delete(`${subject}-no-such`);
      await keys.delete(subject.replace('subject', '%'));
      for (const [n, each] of others.entries()) assert.equal(await hex(other, each), before[n]);
    });

    define('keys that are created and deleted at once are the same for everybody', async ({ keys, other, subject }) => {
      for (let round = 0; round < 10; round++) {
        const each = `${subject}-${round}`;
        await Promise.all([
          keys.create(each),
          other.delete(each),
          other.create(each),
          keys.delete(each),
          keys.create(each),
        ]);
        assert.equal(await hex(keys, each), await hex(other, each));
      }
    });

    define('whoever holds a key can’t change the one that is kept', async ({ keys, subject }) => {
      const created = await keys.create(subject);
      const key = bytes(created).toString('hex');
      created.fill(0);
      assert.equal(await hex(keys, subject), key);
      (await keys.get(subject))?.fill(0);
      assert.equal(await hex(keys, subject), key);
      (await keys.create(subject)).fill(0);
      assert.equal(await hex(keys, subject), key);
    });
  });
}

/** A copy of a key that must be there. */
function bytes(key: Uint8Array | undefined): Buffer {
  assert.ok(key instanceof Uint8Array, `expected a Uint8Array, got ${typeof key}`);
  return Buffer.from(key);
}

async function hex(keys: KeyStore, subject: string): Promise<string | undefined> {
  const key = await keys.get(subject);
  return key && bytes(key).toString('hex');
}
