import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { InvalidArgumentError } from '../core/errors.ts';
import { CompressionUnavailableError } from './errors.ts';

/** How payloads are made smaller; it is stored beside each. `zstd` takes Node 22.15, 23.8 or newer. */
export type CompressionAlgorithm = 'gzip' | 'brotli' | 'zstd';

type Limits = { readonly maxOutputLength: number };

/** One algorithm of node:zlib, on the spot for little and in the background for much. */
interface Compressor {
  compress(bytes: Uint8Array): Promise<Buffer>;
  compressSync(bytes: Uint8Array): Buffer;
  inflate(bytes: Uint8Array, limits: Limits): Promise<Buffer>;
  inflateSync(bytes: Uint8Array, limits: Limits): Buffer;
}

/** What newer releases of Node have. */
interface ZstdZlib {
  zstdCompress(bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void): void;
  zstdCompressSync(bytes: Uint8Array): Buffer;
  zstdDecompress(bytes: Uint8Array, limits: Limits, done: (error: Error | null, result: Buffer) => void): void;
  zstdDecompressSync(bytes: Uint8Array, limits: Limits): Buffer;
}

// The default of brotli is made for files that are packed once: slower by a hundred, smaller by a tenth.
const brotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };
const brotliCompress = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);

const compressors: Readonly<Record<CompressionAlgorithm, Compressor | undefined>> = {
  gzip: {
    compress: promisify<Uint8Array, Buffer>(zlib.gzip),
    compressSync: (bytes) => zlib.gzipSync(bytes),
    inflate: promisify<Uint8Array, Limits, Buffer>(zlib.gunzip),
    inflateSync: (bytes, limits) => zlib.gunzipSync(bytes, limits),
  },
  brotli: {
    compress: (bytes) => brotliCompress(bytes, brotliOptions),
    compressSync: (bytes) => zlib.brotliCompressSync(bytes, brotliOptions),
    inflate: promisify<Uint8Array, Limits, Buffer>(zlib.brotliDecompress),
    inflateSync: (bytes, limits) => zlib.brotliDecompressSync(bytes, limits),
  },
  zstd: zstdCompressor(zlib as unknown as Partial<ZstdZlib>),
};

function zstdCompressor(from: Partial<ZstdZlib>): Compressor | undefined {
  if (!from.zstdCompress) return undefined;
  const { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } = from as ZstdZlib;
  return {
    compress: promisify(zstdCompress),
    compressSync: (bytes) => zstdCompressSync(bytes),
    inflate: promisify(zstdDecompress),
    inflateSync: (bytes, limits) => zstdDecompressSync(bytes, limits),
  };
}

/** Up to here, handing the work to another thread and back takes longer than the work. */
export const smallBytes = 16 * 1024;

/** Whether a name is that of an algorithm, in this Node or not. */
export function isCompression(name: string): name is CompressionAlgorithm {
  return Object.hasOwn(compressors, name);
}

/**
 * @throws {@link CompressionUnavailableError} if this Node does not have the algorithm.
 * @throws {@link InvalidArgumentError} for any other name.
 */
export function checkCompression(algorithm: CompressionAlgorithm): void {
  if (!isCompression(algorithm)) {
    throw new InvalidArgumentError('options.compression', "'gzip', 'brotli' or 'zstd'", algorithm);
  }
  compressorOf(algorithm);
}

/** @param onTheSpotBytes - Up to here the work is done at once. */
export function compressBytes(
  bytes: Uint8Array,
  algorithm: CompressionAlgorithm,
  onTheSpotBytes: number,
): Buffer | Promise<Buffer> {
  const compressor = compressorOf(algorithm);
  return bytes.length <= onTheSpotBytes ? compressor.compressSync(bytes) : compressor.compress(bytes);
}

/**
 * Rejects with node:zlib's error for what is damaged, or would be larger than `maxBytes`.
 *
 * @param onTheSpotBytes - Up to here the work is done at once.
 */
export function inflateBytes(
  bytes: Uint8Array,
  algorithm: CompressionAlgorithm,
  maxBytes: number,
  onTheSpotBytes: number,
): Buffer | Promise<Buffer> {
  const compressor = compressorOf(algorithm);
  if (bytes.length > onTheSpotBytes) return compressor.inflate(bytes, { maxOutputLength: maxBytes });
  // Little may become much: what does not stay little is begun anew in the background.
  const bound = Math.min(maxBytes, 4 * onTheSpotBytes);
  try {
    return compressor.inflateSync(bytes, { maxOutputLength: bound });
  } catch (error) {
    if (bound === maxBytes || !isTooLarge(error)) throw error;
    return compressor.inflate(bytes, { maxOutputLength: maxBytes });
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function compressorOf(algorithm: CompressionAlgorithm): Compressor {
  const compressor = compressors[algorithm];
  if (!compressor) throw new CompressionUnavailableError(algorithm);
  return compressor;
}
