import * as zlib from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import type { CompressionAlgorithm } from '../../src/events/compression.ts';
import { CompressionUnavailableError, EventCorruptedError, EventEncodingError } from '../../src/events/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';

const hasZstd = 'zstdCompressSync' in zlib;
const algorithms: CompressionAlgorithm[] = hasZstd ? ['gzip', 'brotli', 'zstd'] : ['gzip', 'brotli'];
const small = { list: Array.from({ length: 100 }, (_, n) => ({ n, text: 'some text 가나다' })) };
const large = { list: Array.from({ length: 20_000 }, (_, n) => ({ n, text: `some text ${n * 7919}` })) };

const compressors: Record<CompressionAlgorithm, (text: string) => Buffer> = {
  gzip: (text) => zlib.gzipSync(text),
  brotli: (text) => zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: (text) => (zlib as unknown as { zstdCompressSync(text: Buffer): Buffer }).zstdCompressSync(Buffer.from(text)),
};

const caught = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

async function storedAs(data: string, encoding: string) {
  const adapter = new MemoryEventAdapter();
  const event = { id: '1', type: 't', data, encoding, metadata: '{}', timestamp: 0, tags: [] };
  await adapter.append([{ stream: 's', expectedVersion: 'any', events: [event] }]);
  return adapter;
}

describe.each(algorithms)('%s', (compression) => {
  it('ES7 gives back small and large payloads, and is told by what is stored', async () => {
    const adapter = new MemoryEventAdapter();
    const store = new EventStore({ adapter, compression });
    const events = [small, large, 'too little'].map((data) => ({ type: 't', data }));
    await store.append('s', events);
    const stored = await adapter.readAll({ after: 0, limit: 10 });
    expect(stored.map(({ encoding }) => encoding)).toEqual([compression, compression, 'json']);
    // A store that compresses otherwise, or not at all, reads it too.
    expect((await new EventStore({ adapter }).read('s').toArray()).map(({ data }) => data)).toEqual([
      small,
      large,
      'too little',
    ]);
  });

  it.each([
    ['a small bomb', 10_000, 1_000_000],
    ['a bomb that inflates to far more than is held at a time', 1_000_000, 50_000_000],
    ['a large bomb', 100_000, 5_000_000],
  ])('ES10 does not inflate %s', async (name, maxPayloadBytes, size) => {
    const noise =
      name === 'a large bomb' ? Array.from({ length: 30_000 }, (_, n) => (n * 2654435761) % 4294967296).join() : '';
    const bomb = compressors[compression](JSON.stringify(noise + 'x'.repeat(size)));
    const adapter = await storedAs(bomb.toString('base64'), compression);
    const store = new EventStore({ adapter, maxPayloadBytes });
    const error = await caught(store.read('s').toArray());
    expect(error).toBeInstanceOf(EventCorruptedError);
    expect(error).toMatchObject({
      cause: { code: 'ERR_BUFFER_TOO_LARGE' },
      message: expect.stringContaining('maxPayloadBytes'),
    });
    expect(await caught(new EventStore({ adapter, maxPayloadBytes: 64_000_000 }).read('s').toArray())).toBe(
      'nothing was thrown',
    );
  });

  it('ES7 tells of damage', async () => {
    const bytes = compressors[compression](JSON.stringify(small));
    for (const damaged of [bytes.subarray(0, -6), Buffer.from('no such thing'), Buffer.alloc(0)]) {
      const adapter = await storedAs(damaged.toString('base64'), compression);
      expect(await caught(new EventStore({ adapter }).read('s').toArray())).toBeInstanceOf(EventCorruptedError);
    }
  });
});

describe('compression', () => {
  it('is off unless it is enabled or an algorithm is named, and gzip unless another is', async () => {
    const encodingWith = async (options: object) => {
      const adapter = new MemoryEventAdapter();
      await new EventStore({ adapter, ...options }).append('s', [{ type: 't', data: small }]);
      return (await adapter.readAll({ after: 0, limit: 1 }))[0]!.encoding;
    };
    expect(await encodingWith({})).toBe('json');
    expect(await encodingWith({ compressionEnabled: true })).toBe('gzip');
    expect(await encodingWith({ compression: 'brotli' })).toBe('brotli');
    expect(await encodingWith({ compression: 'brotli', compressionEnabled: true })).toBe('brotli');
    expect(await encodingWith({ compression: 'brotli', compressionEnabled: false })).toBe('json');
    expect(await encodingWith({ compression: 'brotli', compressionThresholdBytes: 10_000 })).toBe('json');
    expect(() => new EventStore({ adapter: new MemoryEventAdapter(), compression: 'lz4' as never })).toThrow(
      InvalidArgumentError,
    );
  });

  it('by zstd is refused where Node has none, and what was stored with it says what to do', async () => {
    vi.resetModules();
    vi.doMock('node:zlib', async (original) => ({ ...(await original<object>()), zstdCompress: undefined }));
    const fresh = await import('../../src/events/event-store.ts');
    const adapter = await storedAs('KLUv/QBYCQAAMQ==', 'zstd');
    const store = new fresh.EventStore({ adapter });
    const error = await caught(store.read('s').toArray());
    vi.doUnmock('node:zlib');
    expect(() => new fresh.EventStore({ adapter, compression: 'zstd' })).toThrow(
      expect.objectContaining({
        name: CompressionUnavailableError.name,
        code: 'COMPRESSION_UNAVAILABLE',
        algorithm: 'zstd',
      }),
    );
    expect(error).toMatchObject({
      name: EventEncodingError.name,
      code: 'EVENT_ENCODING_UNSUPPORTED',
      stream: 's',
      version: 1,
      encoding: 'zstd',
      message: expect.stringContaining('run Node 22.15'),
    });
  });
});
