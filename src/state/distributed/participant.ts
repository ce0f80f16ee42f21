import type { JsonValue } from '../../core/json-value.ts';

/**
 * A party to distributed transactions that can promise: after `prepare` it can commit and can roll back, whatever happens.
 *
 * `commit` and `rollback` may come again, also from another process and at the same time, and when it is done already: then
 * there is nothing to do. A `rollback` may come for what was never prepared, or whose `prepare` is still on its way: that one
 * must hold nothing afterwards, or be told of by {@link TwoPhaseParticipant.prepared}. `participantConformance` of
 * `@zyflow/migration/testing` tries all of it.
 */
export interface TwoPhaseParticipant<W = unknown> {
  /**
   * Does the work, durably, so that nobody sees it yet and nothing can get in its way any more; rejects if it can't.
   *
   * @returns What `commit` needs besides the id; the log keeps it.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: an async function without a result is to fit.
  prepare(transactionId: string, work: W, signal: AbortSignal): Promise<JsonValue | undefined | void>;
  /** Makes the work seen. Rejects only if it is to be tried again. */
  commit(transactionId: string, prepared: JsonValue | undefined, signal: AbortSignal): Promise<unknown>;
  /** Undoes what was prepared, if anything was. `prepared` is there only if it is known. */
  rollback(transactionId: string, prepared: JsonValue | undefined, signal: AbortSignal): Promise<unknown>;
  /**
   * The transactions that are prepared and neither committed nor rolled back, those of other coordinators may be among
   * them. Lets `recover()` find work that was prepared after its transaction had been rolled back.
   */
  prepared?(signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * A party that can't prepare: what it does is seen at once, and undone by doing the opposite (a saga).
 *
 * Both calls must be idempotent by the transaction's id. `compensate` may come where `execute` never did, failed halfway,
 * or is still on its way: from then on `execute` for this transaction must have no effect.
 */
export interface SagaParticipant<I = unknown> {
  /** @param input - A JSON value; it was in the log before this call. */
  execute(transactionId: string, input: I, signal: AbortSignal): Promise<unknown>;
  /** @param input - What `execute` was given. */
  compensate(transactionId: string, input: I, signal: AbortSignal): Promise<unknown>;
}

/** A party to distributed transactions: one that can prepare, or one that can only do and undo. */
export type Participant = TwoPhaseParticipant | SagaParticipant;

/** The participants of a coordinator by their names, which the log keeps: a name stays as long as a transaction is open. */
export type Participants = Readonly<Record<string, Participant>>;

/** What a participant is asked to do. */
export type WorkOf<P> = P extends SagaParticipant<infer I> ? I : P extends TwoPhaseParticipant<infer W> ? W : never;

/** What each participant is asked to do; those left out do not take part. */
export type Branches<P extends Participants> = { readonly [Name in keyof P]?: WorkOf<P[Name]> };

export function isSaga(participant: Participant): participant is SagaParticipant {
  return 'execute' in participant;
}
