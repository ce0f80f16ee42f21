import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { InvalidArgumentError } from '../core/errors.ts';
import { toJsonText } from '../core/json-text.ts';
import type { EncodedPayload } from './event-adapter.ts';
import { checkInteger } from './event-names.ts';

const deflate = promisify(gzip);
const inflate = promisify(gunzip);

/** How payloads are turned into text. */
export interface PayloadCodecOptions {
  /** Whether payloads from `compressionThresholdBytes` on are compressed. What is stored is read either way. Default false. */
  readonly compressionEnabled?: boolean;
  /** Smaller payloads are left as they are. Default 1024 bytes. */
  readonly compressionThresholdBytes?: number;
  /** Larger payloads are refused, and never inflated beyond it when read. Default 16 MiB. */
  readonly maxPayloadBytes?: number;
}

/** Turns JSON values into text and back, compressed by gzip where that makes them smaller (ES7). */
export class PayloadCodec {
  readonly #threshold: number;
  readonly #maxBytes: number;

  constructor(options: PayloadCodecOptions = {}) {
    const {
      compressionEnabled = false,
      compressionThresholdBytes = 1024,
      maxPayloadBytes = 16 * 1024 * 1024,
    } = options;
    checkInteger(compressionThresholdBytes, 0, 'options.compressionThresholdBytes');
    this.#maxBytes = checkInteger(maxPayloadBytes, 1, 'options.maxPayloadBytes');
    this.#threshold = compressionEnabled ? compressionThresholdBytes : Number.POSITIVE_INFINITY;
  }

  /**
   * The value as JSON text: what happens to it afterwards changes nothing.
   *
   * @throws {@link InvalidArgumentError} for what is not JSON, or too large.
   */
  encode(value: unknown, what: string): EncodedPayload {
    const data = toJsonText(value, what);
    if (data.length * 3 > this.#maxBytes && Buffer.byteLength(data) > this.#maxBytes) {
      throw new InvalidArgumentError(what, `at most ${this.#maxBytes} bytes of JSON text`, value);
    }
    return { data, encoding: 'json' };
  }

  /** Whether {@link compress} would try to make it smaller. */
  isLarge(payload: EncodedPayload): boolean {
    return Buffer.byteLength(payload.data) >= this.#threshold;
  }

  /** The payload compressed, or as it is if it is small or does not get smaller. */
  async compress<P extends EncodedPayload>(payload: P): Promise<P> {
    if (!this.isLarge(payload)) return payload;
    const compressed = (await deflate(payload.data)).toString('base64');
    return compressed.length < Buffer.byteLength(payload.data)
      ? { ...payload, data: compressed, encoding: 'gzip' }
      : payload;
  }

  /** The value of a payload: at once where it is plain JSON. Throws whatever is wrong with it. */
  decode(payload: EncodedPayload): unknown {
    if (payload.encoding === 'json') return JSON.parse(payload.data);
    if (payload.encoding === 'gzip') return this.#inflate(payload.data);
    throw new Error(`unknown encoding "${payload.encoding}"`);
  }

  async #inflate(data: string): Promise<unknown> {
    const text = await inflate(Buffer.from(data, 'base64'), { maxOutputLength: this.#maxBytes });
    return JSON.parse(text.toString('utf8'));
  }
}
