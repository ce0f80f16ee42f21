import { sleep } from '../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../core/backoff.ts';
import { checkInteger } from '../core/check-integer.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { isMigrationError } from '../core/errors.ts';

/** How often a command is tried that lost a race, or whose append is in doubt. */
export interface CommandAttemptOptions {
  /** Tries in all. Default 20. */
  readonly maxAttempts?: number;
  /** How long to wait between tries: by default up to 5 ms at first, up to 500 ms later. */
  readonly backoff?: BackoffOptions;
  /** The time of events that bring none, and of every wait. */
  readonly clock?: Clock;
  /** Chance for the jitter of retries. */
  readonly random?: Random;
}

/** The same with every default filled in. */
export type CommandAttemptSettings = Required<CommandAttemptOptions>;

/** @throws {@link InvalidArgumentError} for less than one attempt. */
export function attemptSettings(options: CommandAttemptOptions): CommandAttemptSettings {
  const { maxAttempts = 20, backoff = {}, clock = systemClock, random = Math.random } = options;
  checkInteger(maxAttempts, 1, 'options.maxAttempts');
  return { maxAttempts, backoff: { initialMs: 5, maxMs: 500, ...backoff }, clock, random };
}

/** One command. */
export interface CommandTries<D, A> {
  /** Loads and decides anew. What it throws ends the tries. */
  readonly decide: (attempt: number) => Promise<D>;
  /** Appends what was decided. While it is in doubt, the same is appended again. */
  readonly append: (decided: D, signal: AbortSignal | undefined) => Promise<A>;
  /** Whether the append was refused since the decision is out of date. */
  readonly isOutdated: (error: unknown) => boolean;
}

/**
 * Decides and appends until it is stored. Where the answer to an append is lost, the same events are appended again until
 * it is settled, whatever the signal says.
 *
 * @throws {@link AppendInDoubtError} if that was not settled within the tries.
 */
export async function untilAppended<D, A>(
  { decide, append, isOutdated }: CommandTries<D, A>,
  { maxAttempts, backoff, clock, random }: CommandAttemptSettings,
  signal: AbortSignal | undefined,
): Promise<{ readonly decided: D; readonly appended: A }> {
  let doubt: { readonly decided: D; readonly error: unknown } | undefined;
  for (let attempt = 1; ; attempt++) {
    const decided = doubt ? doubt.decided : await decide(attempt);
    try {
      return { decided, appended: await append(decided, doubt ? undefined : signal) };
    } catch (error) {
      if (isMigrationError(error, 'APPEND_IN_DOUBT')) doubt = { decided, error };
      else if (isRefusal(error)) doubt = undefined;
      if (attempt >= maxAttempts || !(doubt || isOutdated(error))) throw doubt ? doubt.error : error;
    }
    await sleep(backoffDelay(attempt, backoff, random), { clock, signal: doubt ? undefined : signal });
  }
}

/** An answer of the storage: the events were not stored, now or by an append before. */
function isRefusal(error: unknown): boolean {
  return refusals.some((code) => isMigrationError(error, code));
}

const refusals = ['CONCURRENCY_CONFLICT', 'APPEND_CONDITION_FAILED', 'STREAM_DELETED', 'DUPLICATE_EVENT'];
