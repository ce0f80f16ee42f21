import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { describe, expect, it, vi } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { MemoryKeyStore } from '../../src/adapters/memory/memory-key-store.ts';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { InvalidArgumentError, StorageError } from '../../src/core/errors.ts';
import { AesGcmEncryption } from '../../src/events/aes-gcm-encryption.ts';
import { DuplicateEventError, EventCorruptedError, EventEncodingError } from '../../src/events/errors.ts';
import type { StoredEvent } from '../../src/events/event-adapter.ts';
import type { EventEncryption } from '../../src/events/event-encryption.ts';
import { defineEvents } from '../../src/events/event-registry.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { IntervalSnapshotStrategy } from '../../src/events/interval-snapshot-strategy.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { openSqlite } from '../sqlite-driver.ts';
import { schema } from './schemas.ts';

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

function setUp(options: object = {}) {
  const adapter = new MemoryEventAdapter();
  const keys = new MemoryKeyStore();
  const encryption = new AesGcmEncryption({ keys, ...options });
  return { adapter, keys, encryption, store: new EventStore({ adapter, encryption }) };
}

const stored = (adapter: MemoryEventAdapter) => adapter.readAll({ after: 0, limit: 1000 });
const secret = 'the-secret-of-this-test';
/** All that an adapter gives, as bytes; what is base64 in it also as what it stands for. */
function bytesOf(values: readonly { readonly data: string }[]): Buffer {
  return Buffer.concat([serialize(values), ...values.map(({ data }) => Buffer.from(data, 'base64'))]);
}

describe('an encrypted store', () => {
  it.each([false, true])(
    'ES7 gives back what it was given, and stores no word of it in plain, compressed: %s',
    async (compressionEnabled) => {
      const { adapter, encryption } = setUp();
      const store = new EventStore({ adapter, encryption, compressionEnabled, compressionThresholdBytes: 100 });
      const values = [secret, { text: `${secret} `.repeat(100) }, null, 5];
      await store.append(
        's',
        values.map((data) => ({ type: 't', data, metadata: { by: 'me' } })),
      );
      expect((await store.read('s').toArray()).map(({ data }) => data)).toEqual(values);
      const events = await stored(adapter);
      const large = compressionEnabled ? 'encrypted+gzip' : 'encrypted+json';
      expect(events.map(({ encoding }) => encoding)).toEqual([
        'encrypted+json',
        large,
        'encrypted+json',
        'encrypted+json',
      ]);
      if (compressionEnabled) expect(events[1]!.data.length).toBeLessThan(500);
      expect(bytesOf(events).includes(secret)).toBe(false);
      // Types, tags and metadata are not secret.
      expect(events[0]).toMatchObject({ type: 't', metadata: '{"by":"me"}' });
    },
  );

  it('encrypts the same data otherwise each time', async () => {
    const { adapter, store } = setUp();
    await store.append(
      's',
      [1, 2].map(() => ({ type: 't', data: secret })),
    );
    const [one, two] = await stored(adapter);
    expect(one!.data).not.toBe(two!.data);
  });

  it.each<[string, (event: StoredEvent) => Partial<StoredEvent>]>([
    ['another stream', () => ({ stream: 'other' })],
    ['another id', () => ({ id: 'other' })],
    ['another type', () => ({ type: 'other' })],
    ['a flipped bit', ({ data }) => ({ data: flip(data, 30) })],
    ['a flipped bit of its key id', ({ data }) => ({ data: flip(data, 3) })],
    ['a flipped bit of its tag', ({ data }) => ({ data: flip(data, -1) })],
    ['nothing left', () => ({ data: '' })],
    ['a tag cut short', ({ data }) => ({ data: Buffer.from(data, 'base64').subarray(0, -12).toString('base64') })],
    ['another inner encoding', () => ({ encoding: 'encrypted+gzip' })],
  ])('ES7 tells of a ciphertext that was moved or damaged: %s', async (_, change) => {
    // All streams are of one subject: the key is right wherever the ciphertext is moved.
    const { adapter, encryption, store } = setUp({ subjectOf: () => 'all' });
    await store.append('s', [{ type: 't', data: secret }]);
    const [event] = await stored(adapter);
    const moved = new MemoryEventAdapter();
    await moved.importEvents([{ ...event!, ...change(event!) }]);
    const error = await caught(new EventStore({ adapter: moved, encryption }).readAll().toArray());
    expect(error).toBeInstanceOf(EventCorruptedError);
  });

  it('does not take the ciphertext of a snapshot for that of an event', async () => {
    const { adapter, encryption } = setUp();
    const store = new EventStore({ adapter, encryption, snapshotStrategy: new IntervalSnapshotStrategy(1) });
    await store.append('s', [{ id: '1', type: 't', data: 1 }]);
    await store.aggregateStream('s', { name: 't', initial: () => 0, evolve: () => 1 });
    await store.close();
    const snapshot = await adapter.loadSnapshot('s', 't');
    const [event] = await stored(adapter);
    const moved = new MemoryEventAdapter();
    await moved.importEvents([{ ...event!, data: snapshot!.data, encoding: snapshot!.encoding }]);
    expect(await caught(new EventStore({ adapter: moved, encryption }).readAll().toArray())).toBeInstanceOf(
      EventCorruptedError,
    );
  });

  it('ES4 knows an append repeated, though its ciphertext is another', async () => {
    const { store } = setUp();
    const event = { id: '1', type: 't', data: secret };
    const first = await store.append('s', [event]);
    expect(await store.append('s', [event])).toEqual(first);
    expect(await caught(store.append('s', [{ ...event, data: 'other' }]))).toBeInstanceOf(DuplicateEventError);
  });

  it('ES10 inflates nothing beyond the limit after decryption', async () => {
    const { adapter, encryption } = setUp();
    const open = new EventStore({ adapter, encryption, compressionEnabled: true });
    await open.append('s', [{ type: 't', data: 'x'.repeat(1_000_000) }]);
    const small = new EventStore({ adapter, encryption, maxPayloadBytes: 10_000 });
    expect(await caught(small.read('s').toArray())).toMatchObject({
      message: expect.stringContaining('maxPayloadBytes'),
    });
  });

  it('reads what was stored in plain before, and tells a store without its encryption what it lacks', async () => {
    const { adapter, store } = setUp();
    await new EventStore({ adapter }).append('s', [{ type: 't', data: 'plain' }]);
    await store.append('s', [{ type: 't', data: secret }]);
    expect((await store.read('s').toArray()).map(({ data }) => data)).toEqual(['plain', secret]);
    const error = await caught(new EventStore({ adapter }).read('s').toArray());
    expect(error).toBeInstanceOf(EventEncodingError);
    expect(error).toMatchObject({
      stream: 's',
      version: 2,
      message: expect.stringContaining('give the store the encryption'),
    });
  });

  it('takes an encryption of the caller’s own, and passes its failures on as they are: they say nothing against the event', async () => {
    let fails = false;
    const reversed = (bytes: Uint8Array) => Uint8Array.from(bytes).reverse();
    const own: EventEncryption = {
      encrypt: async (plaintext) => reversed(plaintext),
      decrypt: (ciphertext) => {
        if (fails) throw new Error('the vault is closed');
        return reversed(ciphertext);
      },
    };
    const store = new EventStore({ adapter: new MemoryEventAdapter(), encryption: own });
    await store.append('s', [{ type: 't', data: secret }]);
    expect((await store.read('s').toArray())[0]?.data).toBe(secret);
    fails = true;
    const error = await caught(store.read('s').toArray());
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ message: expect.stringContaining('the vault is closed') });
  });
});

describe('forget', () => {
  it('leaves the events, shredded: null for their data, unseen by upcasters and schemas, ignored by snapshots', async () => {
    const { adapter, encryption } = setUp();
    const seen: unknown[] = [];
    const watched = (data: unknown) => {
      seen.push(data);
      return data;
    };
    const registry = defineEvents({ t: { schema: schema(watched), version: 2, upcasters: { 1: watched } } });
    const snapshotStrategy = new IntervalSnapshotStrategy(1);
    const fold = {
      name: 'list',
      initial: (): unknown[] => [],
      evolve: (list: unknown[], event: { data: unknown; shredded?: true }) => [
        ...list,
        event.shredded ? 'gone' : event.data,
      ],
    };
    const plain = new EventStore({ adapter, encryption });
    await plain.append('s', [{ type: 't', data: secret, tags: ['a'], metadata: { by: 'me' } }]);
    await plain.append('other', [{ type: 't', data: 'kept' }]);
    const store = new EventStore({ adapter, registry, encryption, snapshotStrategy });
    expect((await store.aggregateStream('s', fold)).state).toEqual([secret]);
    await vi.waitFor(async () => expect(await adapter.loadSnapshot('s', 'list')).toBeDefined());
    seen.length = 0;

    await encryption.forget('s');
    const [event] = await store.read('s').toArray();
    expect(event).toMatchObject({
      type: 't',
      data: null,
      shredded: true,
      version: 1,
      tags: ['a'],
      metadata: { by: 'me' },
    });
    expect((await store.aggregateStream('s', fold)).state).toEqual(['gone']);
    expect(seen).toEqual([]);
    const [kept] = await store.read('other').toArray();
    expect(kept).toMatchObject({ data: 'kept' });
    expect(kept).not.toHaveProperty('shredded');
    await store.close();
  });

  it('makes no new key for the snapshot of a fold over what is gone', async () => {
    const { adapter, keys, encryption } = setUp();
    const store = new EventStore({ adapter, encryption, snapshotStrategy: new IntervalSnapshotStrategy(1) });
    await store.append('s', [{ type: 't', data: secret }]);
    await encryption.forget('s');
    await store.aggregateStream('s', { name: 'n', initial: () => 0, evolve: () => 1 });
    await store.close();
    expect(await keys.get('s')).toBeUndefined();
    expect(await adapter.loadSnapshot('s', 'n')).toBeUndefined();
  });

  it('lets the stream go on under a new key, under which the old events stay gone', async () => {
    const { encryption, store } = setUp();
    await store.append('s', [{ type: 't', data: secret }]);
    await encryption.forget('s');
    await store.append('s', [{ type: 't', data: 'new' }]);
    const events = await store.read('s').toArray();
    expect(events.map(({ data, shredded }) => ({ data, shredded }))).toEqual([
      { data: null, shredded: true },
      { data: 'new', shredded: undefined },
    ]);
  });

  it('ES4 an append repeated after its subject was forgotten adds nothing', async () => {
    const { encryption, store } = setUp();
    const event = { id: '1', type: 't', data: secret };
    const first = await store.append('s', [event]);
    await encryption.forget('s');
    expect(await store.append('s', [event])).toEqual(first);
    expect((await store.read('s').toArray())[0]).toMatchObject({ shredded: true });
  });

  it('forgets all streams of a subject together', async () => {
    const { encryption, store } = setUp({ subjectOf: (stream: string) => stream.split('/')[0]! });
    for (const stream of ['ann/cart', 'ann/profile', 'bob/cart'])
      await store.append(stream, [{ type: 't', data: stream }]);
    await encryption.forget('ann');
    expect((await store.readAll().toArray()).map(({ data }) => data)).toEqual([null, null, 'bob/cart']);
  });

  it('leaves nothing in plain: not in memory that an adapter holds', async () => {
    const { adapter, encryption } = setUp();
    const store = new EventStore({ adapter, encryption, snapshotStrategy: new IntervalSnapshotStrategy(1) });
    await store.append('s', [{ type: 't', data: { secret } }]);
    const fold = {
      name: 'n',
      initial: () => '',
      evolve: (_: string, { data }: { data: unknown }) => JSON.stringify(data),
    };
    expect((await store.aggregateStream('s', fold)).state).toContain(secret);
    await store.close();
    await encryption.forget('s');
    const snapshot = await adapter.loadSnapshot('s', 'n');
    const held = bytesOf([...(await stored(adapter)), snapshot!]);
    expect(held.includes('encrypted+json')).toBe(true);
    expect(held.includes(secret)).toBe(false);
  });

  it('leaves nothing in plain: not in the files of an SQLite database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'encryption-'));
    try {
      const db = openSqlite(join(folder, 'events.db'));
      const encryption = new AesGcmEncryption({ keys: new MemoryKeyStore() });
      const store = new EventStore({
        adapter: new SqliteEventAdapter(db),
        encryption,
        snapshotStrategy: new IntervalSnapshotStrategy(1),
      });
      await store.append('s', [{ type: 'a-visible-type', data: { secret } }]);
      const fold = {
        name: 'n',
        initial: () => '',
        evolve: (_: string, { data }: { data: unknown }) => JSON.stringify(data),
      };
      expect((await store.aggregateStream('s', fold)).state).toContain(secret);
      await encryption.forget('s');
      expect((await store.read('s').toArray())[0]).toMatchObject({ data: null, shredded: true });
      await store.close();
      const files = () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
      const open = files();
      db.close();
      for (const bytes of [open, files()]) {
        expect(bytes.includes('a-visible-type')).toBe(true);
        expect(bytes.includes(secret)).toBe(false);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('keys', () => {
  function counted(options: object = {}) {
    const keys = new MemoryKeyStore();
    const asked: string[] = [];
    const get = async (subject: string) => {
      asked.push(subject);
      return keys.get(subject);
    };
    const clock = new FakeClock(0);
    const encryption = new AesGcmEncryption({
      keys: Object.assign(Object.create(keys), {
        get,
        create: (s: string) => keys.create(s),
        delete: (s: string) => keys.delete(s),
      }),
      clock,
      ...options,
    });
    return { keys, asked, clock, encryption, store: new EventStore({ adapter: new MemoryEventAdapter(), encryption }) };
  }

  it('are asked for once while they are cached, the cache being bounded in number and time', async () => {
    const { asked, clock, store } = counted({ cacheSize: 2, cacheTtlMs: 1000 });
    for (let times = 0; times < 3; times++) await store.append('a', [{ type: 't', data: 1 }]);
    expect(asked).toEqual(['a']);
    await store.append('b', [{ type: 't', data: 1 }]);
    await store.append('c', [{ type: 't', data: 1 }]);
    await store.read('a').toArray();
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
    await clock.advance(1001);
    await store.read('a').toArray();
    expect(asked.slice(4)).toEqual(['a']);
  });

  it('that another process deleted are forgotten here within cacheTtlMs', async () => {
    const { keys, clock, store } = counted({ cacheTtlMs: 1000 });
    await store.append('s', [{ type: 't', data: 1 }]);
    await keys.delete('s');
    await clock.advance(1001);
    expect((await store.read('s').toArray())[0]).toMatchObject({ shredded: true });
  });

  it('that were asked for before a forget, and given after it, are not kept', async () => {
    const keys = new MemoryKeyStore();
    let giveBack = () => {};
    let waits = false;
    const slow = {
      get: async (subject: string) => {
        const key = await keys.get(subject);
        if (waits) await new Promise<void>((resolve) => (giveBack = resolve));
        return key;
      },
      create: (subject: string) => keys.create(subject),
      delete: (subject: string) => keys.delete(subject),
    };
    const adapter = new MemoryEventAdapter();
    const writer = new EventStore({ adapter, encryption: new AesGcmEncryption({ keys }) });
    await writer.append('s', [{ type: 't', data: secret }]);
    const encryption = new AesGcmEncryption({ keys: slow });
    const store = new EventStore({ adapter, encryption });
    waits = true;
    const reading = store.read('s').toArray();
    await vi.waitFor(() => expect(String(giveBack)).toContain('native'));
    await encryption.forget('s');
    waits = false;
    giveBack();
    await reading;
    expect((await store.read('s').toArray())[0]).toMatchObject({ data: null, shredded: true });
  });

  it('that can’t be had, or are none, are told of', async () => {
    const down = async () => {
      throw new Error('the key store is down');
    };
    const store = (get: () => Promise<Uint8Array | undefined>) =>
      new EventStore({
        adapter: new MemoryEventAdapter(),
        encryption: new AesGcmEncryption({ keys: { get, create: down, delete: down } }),
      });
    const event = { type: 't', data: 1 };
    expect(await caught(store(down).append('s', [event]))).toBeInstanceOf(StorageError);
    expect(await caught(store(async () => undefined).append('s', [event]))).toBeInstanceOf(StorageError);
    expect(await caught(store(async () => Buffer.alloc(16)).append('s', [event]))).toBeInstanceOf(InvalidArgumentError);
    const forgetting = new AesGcmEncryption({ keys: { get: down, create: down, delete: down } }).forget('s');
    expect(await caught(forgetting)).toMatchObject({ message: expect.stringContaining('forget it again') });
    expect(() => new AesGcmEncryption({ keys: {} as never })).toThrow(InvalidArgumentError);
    expect(() => new AesGcmEncryption({ keys: new MemoryKeyStore(), cacheSize: 0 })).toThrow(InvalidArgumentError);
  });
});

function flip(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = bytes[index]! ^ 1;
  return bytes.toString('base64');
}
