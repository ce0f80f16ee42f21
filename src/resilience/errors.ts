import { MigrationError, messageOf } from '../core/errors.ts';

/** The circuit is open: the operation was not tried. Answer from elsewhere, or try again later. */
export class CircuitBreakerOpenError extends MigrationError {
  override readonly name = 'CircuitBreakerOpenError';
  readonly code = 'CIRCUIT_OPEN';
  /** How long an open circuit waits before it lets a trial through, in ms. */
  readonly resetMs: number;

  constructor(resetMs: number) {
    super(`the circuit is open, the operation was not tried: a trial is let through ${resetMs} ms after it opened`);
    this.resetMs = resetMs;
  }
}

/** Every try failed (`cause` is the last failure). `attempts` has them all. */
export class RetriesExhaustedError extends MigrationError {
  override readonly name = 'RetriesExhaustedError';
  readonly code = 'RETRIES_EXHAUSTED';
  /** What each try failed with, in order. */
  readonly attempts: readonly unknown[];

  constructor(what: string, attempts: readonly unknown[]) {
    const last = attempts.at(-1);
    super(`${what} failed ${attempts.length} times, the last time with: ${messageOf(last)}`, { cause: last });
    this.attempts = [...attempts];
  }
}
