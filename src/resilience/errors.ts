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

/**
 * An operation failed, and what was before it could not be brought back: `cause` is the operation's failure,
 * `restoreFailure` the other. Mend the second and restore by hand.
 */
export class RestoreFailedError extends MigrationError {
  override readonly name = 'RestoreFailedError';
  readonly code = 'RESTORE_FAILED';
  readonly restoreFailure: unknown;

  constructor(what: string, failure: unknown, restoreFailure: unknown) {
    super(
      `${what} failed (${messageOf(failure)}), and what was before could not be restored: ${messageOf(restoreFailure)}`,
      { cause: failure },
    );
    this.restoreFailure = restoreFailure;
  }
}
