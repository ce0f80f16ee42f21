import type { Clock } from '../../core/clock.ts';
import { isMigrationError } from '../../core/errors.ts';
import type { ParticipantCalls } from './participant-calls.ts';
import { loggedError } from './transaction-entry.ts';
import type { StartedStep, TransactionRecord } from './transaction-record.ts';

/** What keeps a decided transaction from its end. */
export interface Unsettled {
  /** Who has not answered; null where it is the log. */
  readonly participant: string | null;
  readonly error: unknown;
}

/** Brings decisions to the participants: the same for who has decided and for who recovers. */
export class TransactionSettlement {
  readonly #calls: ParticipantCalls;
  readonly #clock: Clock;

  constructor(calls: ParticipantCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  /**
   * Tells everybody what was decided: those who prepared at once, then the steps in reverse. A step that can't be undone is
   * parked, with those before it.
   *
   * @param end - Whether the transaction ends, once everybody has heard.
   * @returns What is left for a later try; nothing also where something is parked.
   */
  async settle(record: TransactionRecord, end = true): Promise<readonly Unsettled[]> {
    try {
      const unsettled = await this.tell(record);
      if (record.decision?.outcome === 'rollback') unsettled.push(...(await this.#compensate(record)));
      if (end && unsettled.length === 0 && !record.parked) unsettled.push(...(await this.end(record)));
      return unsettled;
    } catch (error) {
      // The participants' failures are caught where they are called.
      return [{ participant: null, error }];
    }
  }

  /** Says in the log that everybody has heard. */
  end(record: TransactionRecord): Promise<Unsettled[]> {
    const entry = { type: 'transaction.ended', data: {} } as const;
    return this.#try(null, () => record.appendUnless(() => record.ended, entry, this.#now()));
  }

  /** Tells those who prepare. */
  async tell(record: TransactionRecord, participants = record.participants): Promise<Unsettled[]> {
    const verb = record.decision?.outcome === 'commit' ? 'commit' : 'rollback';
    const answers = participants.map((name) =>
      this.#try(name, () => {
        const participant = this.#calls.preparer(name);
        const prepared = record.preparedBy(name);
        return this.#calls.tell(`${verb} by "${name}"`, (signal) => participant[verb](record.id, prepared, signal));
      }),
    );
    return (await Promise.all(answers)).flat();
  }

  /**
   * Undoes all there may be once more, whatever the log says: for calls that came to an effect after somebody else had
   * rolled the transaction back.
   */
  async undoAgain(record: TransactionRecord): Promise<readonly Unsettled[]> {
    const unsettled = await this.tell(record);
    for (const step of record.steps.toReversed()) {
      unsettled.push(...(await this.#try(step.participant, () => this.#undo(record, step))));
    }
    return unsettled;
  }

  async #compensate(record: TransactionRecord): Promise<readonly Unsettled[]> {
    for (const step of record.steps.toReversed()) {
      if (record.parked) return [];
      if (step.compensated) continue;
      const { participant } = step;
      const [failure] = await this.#try(participant, () => this.#undo(record, step));
      if (!failure) {
        const entry = { type: 'transaction.compensated', data: { participant } } as const;
        await record.appendUnless(() => step.compensated, entry, this.#now());
      } else if (this.#calls.closed.aborted || isMigrationError(failure.error, 'UNKNOWN_PARTICIPANT')) {
        return [failure];
      } else {
        const entry = {
          type: 'transaction.parked',
          data: { participant, error: loggedError(failure.error) },
        } as const;
        await record.appendUnless(() => record.parked !== undefined || step.compensated, entry, this.#now());
      }
    }
    return [];
  }

  #undo(record: TransactionRecord, { participant: name, input }: StartedStep): Promise<void> {
    const participant = this.#calls.saga(name);
    return this.#calls.tell(`compensate by "${name}"`, (signal) => participant.compensate(record.id, input, signal));
  }

  async #try(participant: string | null, work: () => Promise<unknown>): Promise<Unsettled[]> {
    try {
      await work();
      return [];
    } catch (error) {
      return [{ participant, error }];
    }
  }

  #now(): Date {
    return new Date(this.#clock.now());
  }
}
