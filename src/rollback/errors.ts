import { MigrationError, messageOf } from '../core/errors.ts';

/** A rollback failed. `recovered` says whether the system is sound again; `cause` is what failed first. */
export class RollbackFailedError extends MigrationError {
  override readonly name = 'RollbackFailedError';
  readonly code = 'ROLLBACK_FAILED';
  readonly stage: number;
  /** True: the strategy's `recover` ran and the system was found valid. False: a person must look. */
  readonly recovered: boolean;
  /** What failed after that, in `recover` or in the check that followed it. */
  readonly recoveryError: unknown;

  constructor(fields: { stage: number; cause: unknown; recovered: boolean; recoveryError?: unknown }) {
    const outcome = fields.recovered
      ? 'the state before it is back'
      : `bringing the state before it back failed too (${messageOf(fields.recoveryError)}): a person must look`;
    super(`rolling back stage ${fields.stage} failed (${messageOf(fields.cause)}); ${outcome}`, {
      cause: fields.cause,
    });
    this.stage = fields.stage;
    this.recovered = fields.recovered;
    this.recoveryError = fields.recoveryError;
  }
}

/** After a rollback, or after its recovery, the system was found invalid. */
export class SystemInvalidError extends MigrationError {
  override readonly name = 'SystemInvalidError';
  readonly code = 'SYSTEM_INVALID';
  readonly errors: readonly string[];

  constructor(when: string, errors: readonly string[]) {
    super(`the system is invalid after ${when}: ${errors.length > 0 ? errors.join('; ') : 'no reason was given'}`);
    this.errors = [...errors];
  }
}
