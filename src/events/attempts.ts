import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { isMigrationError } from '../core/errors.ts';
import { UnreadableEventError } from './errors.ts';

/** How tries are spaced, and who is told of each that failed. */
export interface AttemptSettings {
  readonly backoff: BackoffOptions;
  readonly onRetry: (error: unknown, attempt: number) => void;
}

/** Why an event could not be handled. */
export interface HandlingFailure {
  readonly error: unknown;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Work tried again with backoff, until a signal aborts. */
export class Attempts {
  readonly signal: AbortSignal;
  readonly #settings: AttemptSettings;
  readonly #time: { readonly clock: Clock; readonly random: Random };

  constructor(settings: AttemptSettings, time: { clock: Clock; random: Random }, signal: AbortSignal) {
    this.#settings = settings;
    this.#time = time;
    this.signal = signal;
  }

  /** The same, ended by a signal of its own too. */
  until(signal: AbortSignal): Attempts {
    return new Attempts(this.#settings, this.#time, AbortSignal.any([this.signal, signal]));
  }

  /** Storage work, tried until it succeeds or the signal aborts. What does not get better by trying is thrown. */
  async persist<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (isHopeless(error)) throw error;
        await this.backOff(error, attempt);
      }
    }
  }

  /** Work of the caller's. @returns What it failed with, if it failed `maxAttempts` times. */
  async handle(work: () => unknown, maxAttempts: number): Promise<HandlingFailure | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        await work();
        return undefined;
      } catch (error) {
        if (attempt >= maxAttempts) return { error, attempts: attempt };
        await this.backOff(error, attempt);
      }
    }
  }

  /** Tells of the failure and waits; throws the signal's reason as soon as it aborts. */
  async backOff(error: unknown, attempt: number): Promise<void> {
    this.#settings.onRetry(error, attempt);
    this.signal.throwIfAborted();
    const { clock, random } = this.#time;
    await sleep(backoffDelay(attempt, this.#settings.backoff, random), { clock, signal: this.signal });
  }
}

/** An event that can't be read, or a call that can't be right. */
function isHopeless(error: unknown): boolean {
  return error instanceof UnreadableEventError || hopelessCodes.some((code) => isMigrationError(error, code));
}

const hopelessCodes = ['INVALID_ARGUMENT', 'PARTITIONS_DIFFER'];
