import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { type PerformanceReport, percentile } from './performance-report.ts';

/** Options of a {@link PerformanceMetricsCollector}. */
export interface PerformanceMetricsCollectorOptions {
  /** Above how many ms an operation counts as slow, by operation. */
  readonly thresholds?: Readonly<Record<string, number>>;
  /** How many of the latest operations of each name the figures are of. Default 10,000. */
  readonly windowSize?: number;
  readonly clock?: Clock;
}

/**
 * Durations and failures of named operations: exact percentiles over the latest `windowSize` of each.
 *
 * Memory is bounded: 9 bytes an operation of the window, whatever is recorded.
 */
export class PerformanceMetricsCollector {
  readonly #windows = new Map<string, Window>();
  readonly #thresholds: Readonly<Record<string, number>>;
  readonly #windowSize: number;
  readonly #clock: Clock;

  /** @throws {@link InvalidArgumentError} if `windowSize` is not a positive integer. */
  constructor(options: PerformanceMetricsCollectorOptions = {}) {
    checkObject(options);
    this.#thresholds = options.thresholds ?? {};
    this.#windowSize = options.windowSize ?? 10_000;
    this.#clock = options.clock ?? systemClock;
    if (!Number.isSafeInteger(this.#windowSize) || this.#windowSize < 1) {
      throw new InvalidArgumentError('windowSize', 'a positive integer', this.#windowSize);
    }
  }

  /** The operations that were recorded, in the order they came first. */
  get operations(): readonly string[] {
    return [...this.#windows.keys()];
  }

  /**
   * Adds one operation to the window of its name.
   *
   * @throws {@link InvalidArgumentError} if the duration is no number from 0 up.
   */
  recordOperation(operation: string, durationMs: number, success: boolean): void {
    if (!(durationMs >= 0 && durationMs < Number.POSITIVE_INFINITY)) {
      throw new InvalidArgumentError('durationMs', 'a number of ms from 0 up', durationMs);
    }
    let window = this.#windows.get(operation);
    if (!window) {
      window = new Window(this.#windowSize);
      this.#windows.set(operation, window);
    }
    window.add(durationMs, success);
  }

  /** Runs the work, records how long it took and whether it succeeded, and passes its outcome on. */
  async measure<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.now();
    let success = false;
    try {
      const result = await work();
      success = true;
      return result;
    } finally {
      this.recordOperation(operation, Math.max(0, this.#clock.now() - startedAt), success);
    }
  }

  /** The figures of the latest operations of this name; `sampleSize` 0 where none was recorded, and then nothing is known. */
  getPerformanceReport(operation: string): PerformanceReport {
    const window = this.#windows.get(operation);
    const durations = window?.sortedDurations() ?? new Float64Array();
    const size = durations.length;
    const threshold = Object.hasOwn(this.#thresholds, operation) ? this.#thresholds[operation]! : Infinity;
    return Object.freeze({
      operation,
      totalOperations: window?.total ?? 0,
      sampleSize: size,
      successRate: size === 0 ? 1 : (size - window!.failures) / size,
      averageDuration: size === 0 ? 0 : durations.reduce((sum, duration) => sum + duration, 0) / size,
      minDuration: durations[0] ?? 0,
      maxDuration: durations[size - 1] ?? 0,
      p50Duration: percentile(durations, 50),
      p95Duration: percentile(durations, 95),
      p99Duration: percentile(durations, 99),
      slowOperations: durations.reduce((count, duration) => count + (duration > threshold ? 1 : 0), 0),
    });
  }

  /** Forgets an operation, or all of them: the figures begin anew, for instance at the start of a bake time. */
  reset(operation?: string): void {
    if (operation === undefined) this.#windows.clear();
    else this.#windows.delete(operation);
  }
}

/** The latest durations and outcomes, in rings that grow up to their size. */
class Window {
  readonly #size: number;
  #durations = new Float64Array(64);
  #failed = new Uint8Array(64);
  total = 0;
  failures = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(durationMs: number, success: boolean): void {
    const at = this.total % this.#size;
    if (at >= this.#durations.length) this.#grow();
    this.failures += (success ? 0 : 1) - this.#failed[at]!;
    this.#durations[at] = durationMs;
    this.#failed[at] = success ? 0 : 1;
    this.total++;
  }

  sortedDurations(): Float64Array {
    return this.#durations.slice(0, Math.min(this.total, this.#size)).sort();
  }

  #grow(): void {
    const length = this.#durations.length * 2;
    const durations = new Float64Array(length);
    const failed = new Uint8Array(length);
    durations.set(this.#durations);
    failed.set(this.#failed);
    this.#durations = durations;
    this.#failed = failed;
  }
}
