import { CallersError } from '../../core/callers-error.ts';
import { isMigrationError } from '../../core/errors.ts';

/**
 * What a failed statement means:
 * - `lost`: the connection broke; whether the statement took effect is unknown
 * - `unreachable`: it never got to the server
 * - `given_up`: the server rolled it back for the sake of another one, and asks to try again
 * - `duplicate_id`: an event of that id is stored already
 * - `refused`: anything else; it did not take effect, and won't the next time
 */
export type PgFailure = 'lost' | 'unreachable' | 'given_up' | 'duplicate_id' | 'refused';

const neverConnected = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)$/;

export function failureOf(error: unknown): PgFailure {
  // Whatever it looks like, and wherever it comes from: his work is his own to repeat.
  if (error instanceof CallersError) return 'refused';
  if (isMigrationError(error)) return error.cause === undefined ? 'refused' : failureOf(error.cause);
  const { code, constraint, message } = error as { code?: unknown; constraint?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    if (code === '23505') return constraint === 'events_id' ? 'duplicate_id' : 'given_up';
    // Serialization failure, deadlock, lock not available.
    if (code === '40001' || code === '40P01' || code === '55P03') return 'given_up';
    // Starting up or recovering; too many connections.
    if (code === '57P03' || code === '53300') return 'unreachable';
    // Connection exceptions; shut down by an administrator, or crashed.
    return code.startsWith('08') || code === '57P01' || code === '57P02' ? 'lost' : 'refused';
  }
  if (typeof code === 'string' && neverConnected.test(code)) return 'unreachable';
  const text = String(message);
  if (/when trying to connect/.test(text)) return 'unreachable';
  return /after calling end|closed the connection pool/.test(text) ? 'refused' : 'lost';
}
