import { sleep, withTimeout } from '../../core/abort.ts';
import { type BackoffOptions, backoffDelay, type Random } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { UnknownParticipantError } from './errors.ts';
import { isSaga, type Participants, type SagaParticipant, type TwoPhaseParticipant } from './participant.ts';

/** How participants are called. */
export interface CallOptions {
  readonly participants: Participants;
  readonly clock: Clock;
  readonly random: Random;
  /** For each call, in ms. */
  readonly prepareTimeoutMs: number;
  readonly settleTimeoutMs: number;
  readonly retry: { readonly maxAttempts: number; readonly backoff: BackoffOptions };
  /** Aborts every call and every wait. */
  readonly closed: AbortSignal;
}

/** Calls of participants, each within a time. */
export class ParticipantCalls {
  readonly #options: CallOptions;

  constructor(options: CallOptions) {
    this.#options = options;
  }

  get closed(): AbortSignal {
    return this.#options.closed;
  }

  /** @throws {@link UnknownParticipantError} if there is none of this name that prepares. */
  preparer(name: string): TwoPhaseParticipant {
    const participant = this.#find(name);
    if (!participant || isSaga(participant)) throw this.#unknown(name);
    return participant;
  }

  /** @throws {@link UnknownParticipantError} if there is none of this name that compensates. */
  saga(name: string): SagaParticipant {
    const participant = this.#find(name);
    if (!participant || !isSaga(participant)) throw this.#unknown(name);
    return participant;
  }

  isSaga(name: string): boolean {
    const participant = this.#find(name);
    if (!participant) throw this.#unknown(name);
    return isSaga(participant);
  }

  /** Those that tell what is prepared at them. */
  get telling(): readonly string[] {
    return Object.entries(this.#options.participants)
      .filter(([, participant]) => !isSaga(participant) && participant.prepared)
      .map(([name]) => name);
  }

  /** Asks once, for the work itself. */
  ask<T>(what: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { prepareTimeoutMs, clock } = this.#options;
    return withTimeout(what, prepareTimeoutMs, work, { clock, signal });
  }

  /** Tells what was decided, again and again; rejects with the last failure. */
  async tell(what: string, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const { settleTimeoutMs, clock, random, retry, closed } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        // Asynchronous, also where a participant answers at once.
        await withTimeout(what, settleTimeoutMs, async (inTime) => work(inTime), { clock, signal: closed });
        return;
      } catch (error) {
        if (closed.aborted || attempt >= retry.maxAttempts) throw error;
      }
      await sleep(backoffDelay(attempt, retry.backoff, random), { clock, signal: closed });
    }
  }

  /** What is prepared at one of those. */
  async prepared(name: string): Promise<readonly string[]> {
    const { settleTimeoutMs, clock, closed } = this.#options;
    const participant = this.preparer(name);
    const list = async (signal: AbortSignal) => (await participant.prepared?.(signal)) ?? [];
    return withTimeout(`list of what "${name}" has prepared`, settleTimeoutMs, list, { clock, signal: closed });
  }

  #find(name: string) {
    const { participants } = this.#options;
    return Object.hasOwn(participants, name) ? participants[name] : undefined;
  }

  #unknown(name: string): UnknownParticipantError {
    return new UnknownParticipantError(name, Object.keys(this.#options.participants));
  }
}
