import { checkObject } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { murmur3 } from '../core/murmur3.ts';
import type { TrafficSplitter, TrafficTarget } from './traffic-splitter.ts';

/** Options of a {@link GradualTrafficSplitter}. */
export interface GradualTrafficSplitterOptions<R> {
  /** What a request is routed by: requests of one key always go together. Default: its `key` field. */
  readonly keyOf?: (request: R) => string;
  /** Names this migration, so that two migrations don't pick the same keys first. Default `'migration'`. */
  readonly salt?: string;
  /** Share of the keys on the new system at the start, in percent 0-100. Default 0. */
  readonly initialPercentage?: number;
}

const buckets = 2 ** 32;

/**
 * Sends a growing share of the keys to the new system.
 *
 * A key's place is a hash of `salt:key` alone, so the same key gets the same target at the same percentage on every
 * node (TR1), a key on the new system stays there at every higher percentage (TR2), and the share of keys on the new
 * system is the percentage within the binomial bound (TR3). Any fraction of a percent counts: the resolution is 2^-32.
 */
export class GradualTrafficSplitter<R = { readonly key: string }> implements TrafficSplitter<R> {
  readonly #keyOf: (request: R) => string;
  readonly #prefix: string;
  #percentage: number;

  /** @throws {@link InvalidArgumentError} if `initialPercentage` is not from 0 to 100. */
  constructor(options: GradualTrafficSplitterOptions<R> = {}) {
    checkObject(options);
    this.#keyOf = options.keyOf ?? ((request) => (request as { readonly key: string }).key);
    this.#prefix = `${options.salt ?? 'migration'}:`;
    this.#percentage = percentage(options.initialPercentage ?? 0, 'initialPercentage');
  }

  /** Share of the keys on the new system, in percent 0-100. */
  get newSystemTrafficPercentage(): number {
    return this.#percentage;
  }

  /**
   * Moves the share to exactly this percentage; takes effect for the very next request.
   *
   * @throws {@link InvalidArgumentError} if it is not from 0 to 100.
   */
  setNewSystemTraffic(newPercentage: number): void {
    this.#percentage = percentage(newPercentage, 'newPercentage');
  }

  /** Adds percentage points, up to 100. */
  increaseNewSystemTraffic(points: number): void {
    this.#percentage = Math.min(100, this.#percentage + percentage(points, 'points'));
  }

  /** Takes percentage points away, down to 0. */
  decreaseNewSystemTraffic(points: number): void {
    this.#percentage = Math.max(0, this.#percentage - percentage(points, 'points'));
  }

  /**
   * The system that answers this request, by the hash of its key: the same at the same percentage (TR1).
   *
   * @throws {@link InvalidArgumentError} if the request has no key.
   */
  async determineTarget(request: R): Promise<TrafficTarget> {
    return this.targetOf(this.#keyOf(request));
  }

  /** The target of a key at the present percentage. */
  targetOf(key: string): TrafficTarget {
    if (typeof key !== 'string') throw new InvalidArgumentError('key', 'text', key);
    return murmur3(this.#prefix + key) < (this.#percentage / 100) * buckets ? 'new' : 'legacy';
  }
}

function percentage(value: number, argument: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) {
    throw new InvalidArgumentError(argument, 'a percentage from 0 to 100', value);
  }
  return value;
}
