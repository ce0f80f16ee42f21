import { type ArgumentName, spelled } from '../core/argument-name.ts';
import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { toJsonText } from '../core/json-text.ts';
import { andThen } from './and-then.ts';
import {
  type CompressionAlgorithm,
  checkCompression,
  compressBytes,
  inflateBytes,
  isCompression,
  smallBytes,
} from './compression.ts';
import type { EncodedPayload } from './event-adapter.ts';

/** How payloads are turned into text. */
export interface PayloadCodecOptions {
  /**
   * Whether payloads from `compressionThresholdBytes` on are compressed. What is stored is read either way. Default: if
   * `compression` names an algorithm.
   */
  readonly compressionEnabled?: boolean;
  /** By what they are compressed. Default `'gzip'`. */
  readonly compression?: CompressionAlgorithm;
  /** Smaller payloads are left as they are. Default 1024 bytes. */
  readonly compressionThresholdBytes?: number;
  /** Larger payloads are refused, and never inflated beyond it when read. Default 16 MiB. */
  readonly maxPayloadBytes?: number;
}

/** A payload as bytes, and what made them of the value: `json` or a compression algorithm. */
export interface PackedPayload {
  readonly bytes: Uint8Array;
  readonly encoding: string;
}

/** Turns JSON values into text and back, compressed where that makes them smaller (ES7). */
export class PayloadCodec {
  readonly #algorithm: CompressionAlgorithm;
  readonly #threshold: number;
  readonly #maxBytes: number;
  readonly #onTheSpotBytes: number;

  /**
   * @param onTheSpotBytes - Up to here payloads are compressed and inflated at once, above in the background.
   * @throws {@link CompressionUnavailableError} if this Node does not have the algorithm.
   */
  constructor(options: PayloadCodecOptions = {}, onTheSpotBytes = smallBytes) {
    const {
      compression,
      compressionEnabled = compression !== undefined,
      compressionThresholdBytes = 1024,
      maxPayloadBytes = 16 * 1024 * 1024,
    } = options;
    this.#algorithm = compression ?? 'gzip';
    checkCompression(this.#algorithm);
    checkInteger(compressionThresholdBytes, 0, 'options.compressionThresholdBytes');
    this.#maxBytes = checkInteger(maxPayloadBytes, 1, 'options.maxPayloadBytes');
    this.#onTheSpotBytes = onTheSpotBytes;
    this.#threshold = compressionEnabled ? compressionThresholdBytes : Number.POSITIVE_INFINITY;
  }

  /**
   * The value as JSON text: what happens to it afterwards changes nothing.
   *
   * @throws {@link InvalidArgumentError} for what is not JSON, or too large.
   */
  encode(value: unknown, what: ArgumentName): EncodedPayload {
    const data = toJsonText(value, what);
    if (data.length * 3 > this.#maxBytes && Buffer.byteLength(data) > this.#maxBytes) {
      throw new InvalidArgumentError(spelled(what), `at most ${this.#maxBytes} bytes of JSON text`, value);
    }
    return { data, encoding: 'json' };
  }

  /** Whether it would be tried to make JSON text smaller. */
  isLarge(text: string): boolean {
    // No text has more than three bytes a UTF-16 unit.
    return text.length * 3 >= this.#threshold && Buffer.byteLength(text) >= this.#threshold;
  }

  /** The payload compressed, or as it is if it is small or does not get smaller. */
  compress(payload: EncodedPayload): EncodedPayload | Promise<EncodedPayload> {
    if (!this.isLarge(payload.data)) return payload;
    return andThen(this.#compressed(Buffer.from(payload.data)), (bytes) => {
      const data = bytes.toString('base64');
      return data.length < Buffer.byteLength(payload.data) ? { data, encoding: this.#algorithm } : payload;
    });
  }

  /** JSON text as bytes, compressed where that makes them fewer. */
  pack(text: string): PackedPayload | Promise<PackedPayload> {
    const bytes = Buffer.from(text);
    if (!this.isLarge(text)) return { bytes, encoding: 'json' };
    return andThen(this.#compressed(bytes), (compressed) =>
      compressed.length < bytes.length ? { bytes: compressed, encoding: this.#algorithm } : { bytes, encoding: 'json' },
    );
  }

  /** The value of a payload: at once where it is plain JSON or small. Throws whatever is wrong with it. */
  decode(payload: EncodedPayload): unknown {
    if (payload.encoding === 'json') return JSON.parse(payload.data);
    if (!isCompression(payload.encoding)) throw new Error(`unknown encoding "${payload.encoding}"`);
    return this.unpack({ bytes: Buffer.from(payload.data, 'base64'), encoding: payload.encoding });
  }

  /** The value of packed bytes: at once where they are few. Throws whatever is wrong with them. */
  unpack({ bytes, encoding }: PackedPayload): unknown {
    if (encoding === 'json') return parse(bytes);
    if (!isCompression(encoding)) throw new Error(`unknown encoding "${encoding}"`);
    return andThen(inflateBytes(bytes, encoding, this.#maxBytes, this.#onTheSpotBytes), parse);
  }

  #compressed(bytes: Uint8Array): Buffer | Promise<Buffer> {
    return compressBytes(bytes, this.#algorithm, this.#onTheSpotBytes);
  }
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}
