import { MigrationError, messageOf } from '../../core/errors.ts';

/** The distributed transaction took no effect, or what it did is being undone. `cause` says why: run it again if that has passed. */
export class TransactionRolledBackError extends MigrationError {
  override readonly name = 'TransactionRolledBackError';
  readonly code = 'TRANSACTION_ROLLED_BACK';
  readonly transactionId: string;
  /** Who has not answered to the rollback yet: `recover()` goes on with them. */
  readonly pending: readonly string[];
  /** Whose compensation waits for a person. */
  readonly parked: string | undefined;

  constructor(
    fields: { transactionId: string; pending: readonly string[]; parked: string | undefined },
    options: { cause: unknown },
  ) {
    const { transactionId, pending, parked } = fields;
    const left = pending.length === 0 ? '' : `; still to be told: ${pending.join(', ')}, by recover()`;
    const person = parked === undefined ? '' : `; "${parked}" could not be compensated and waits in parked()`;
    super(`transaction ${transactionId} was rolled back: ${messageOf(options.cause)}${left}${person}`, options);
    this.transactionId = transactionId;
    this.pending = Object.freeze([...pending]);
    this.parked = parked;
  }
}

/** The log did not say whether it took the decision to commit. `recover()` finds out, and brings either to its end. */
export class TransactionInDoubtError extends MigrationError {
  override readonly name = 'TransactionInDoubtError';
  readonly code = 'TRANSACTION_IN_DOUBT';
  readonly transactionId: string;

  constructor(transactionId: string, options: { cause: unknown }) {
    super(
      `whether transaction ${transactionId} is committed is unknown (${messageOf(options.cause)}): call recover() once the log answers`,
      options,
    );
    this.transactionId = transactionId;
  }
}

/** Another process, in `recover()`, rolled the transaction back before this one decided. */
export class TransactionOvertakenError extends MigrationError {
  override readonly name = 'TransactionOvertakenError';
  readonly code = 'TRANSACTION_OVERTAKEN';

  constructor(options?: ErrorOptions) {
    super(
      'a recovery rolled it back, taking it for abandoned: run it again, with a longer timeoutMs if it was slow',
      options,
    );
  }
}

/** The log names a participant that this coordinator does not have: give it one of that name. */
export class UnknownParticipantError extends MigrationError {
  override readonly name = 'UnknownParticipantError';
  readonly code = 'UNKNOWN_PARTICIPANT';
  readonly participant: string;

  constructor(participant: string, known: readonly string[]) {
    super(
      `there is no participant "${participant}" that can do this, only ${known.join(', ')}: give the coordinator the participants that the transaction began with`,
    );
    this.participant = participant;
  }
}

/** What is in a transaction's stream can't be: it was not written by this library, or by a later version. */
export class TransactionLogError extends MigrationError {
  override readonly name = 'TransactionLogError';
  readonly code = 'TRANSACTION_LOG_UNREADABLE';
  readonly stream: string;

  constructor(stream: string, detail: string) {
    super(`the log "${stream}" can't be read: ${detail}. Use the version of the library that wrote it`);
    this.stream = stream;
  }
}

/** An expected version can't be promised by a store without locks. Nothing was written. */
export class ExpectedVersionNotPromisedError extends MigrationError {
  override readonly name = 'ExpectedVersionNotPromisedError';
  readonly code = 'EXPECTED_VERSION_NOT_PROMISED';
  readonly stream: string;

  constructor(stream: string, expectedVersion: unknown) {
    super(
      `"${stream}" can't be held at version ${String(expectedVersion)} until the transaction is decided: leave expectedVersion out, append in a saga step of its own, or keep both in one database and commit them together`,
    );
    this.stream = stream;
  }
}
