import { messageOf } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json-value.ts';

/** What the log keeps of anything that was thrown. */
export interface LoggedError {
  readonly name: string;
  readonly message: string;
}

/** The data of each entry in a transaction's stream, by its type. */
export interface TransactionEntryData {
  /** Before anybody is asked anything. Without a decision by then, it may be rolled back `timeoutMs` later. */
  'transaction.begun': { readonly participants: readonly string[]; readonly timeoutMs: number };
  /** Before a saga step runs: from here on it is compensated if the transaction is rolled back. */
  'transaction.step_started': { readonly participant: string; readonly input: JsonValue };
  /** The one decision; `prepared` is what those who could prepare gave. */
  'transaction.decided':
    | { readonly outcome: 'commit'; readonly prepared: Readonly<Record<string, JsonValue>> }
    | { readonly outcome: 'rollback'; readonly reason: LoggedError };
  /** A step is undone, by its compensation or by a person. */
  'transaction.compensated': { readonly participant: string; readonly byHand?: true };
  /** A compensation failed too often. */
  'transaction.parked': { readonly participant: string; readonly error: LoggedError };
  /** A person had what was parked tried again. */
  'transaction.resumed': Record<string, never>;
  /** Everybody has heard of the decision. */
  'transaction.ended': Record<string, never>;
}

export type TransactionEntryType = keyof TransactionEntryData;

/** One entry of a transaction's stream. */
export type TransactionEntry = {
  [T in TransactionEntryType]: { readonly type: T; readonly data: TransactionEntryData[T] };
}[TransactionEntryType];

export function loggedError(error: unknown): LoggedError {
  return { name: error instanceof Error ? error.name : 'Error', message: messageOf(error) };
}
