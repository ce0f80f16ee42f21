import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import type { Clock } from '../../core/clock.ts';
import { AppendInDoubtError, storageError } from '../../core/errors.ts';
import type { AppendCondition, AppendOutcome, EventBatch, StoredEvent } from '../../events/event-adapter.ts';
import type { AppendSettled } from './append-groups.ts';
import { appendOutcomes, appendStatement } from './pg-append-statement.ts';
import { failureOf } from './pg-failure.ts';
import type { PgResult } from './pg-queryable.ts';

/** What storing a group needs. */
export interface PgEventAppenderParts {
  readonly schema: string;
  run(text: string, values: unknown[]): Promise<PgResult>;
  findByIds(ids: readonly string[]): Promise<readonly StoredEvent[]>;
  readonly maxAttempts: number;
  readonly clock: Clock;
  readonly random: Random;
}

type Append = readonly EventBatch[];

const advice = 'nothing was written; append the same events again';

/** Stores groups of appends, and finds out what a failure means for each of them. */
export class PgEventAppender {
  readonly #parts: PgEventAppenderParts;

  constructor(parts: PgEventAppenderParts) {
    this.#parts = parts;
  }

  /**
   * Stores the appends, each as if alone.
   *
   * A lost connection leaves open whether they are stored: appending the same ids again settles it, and that is tried
   * until the server answers or the attempts are over.
   *
   * @param condition - Of the only append.
   */
  async store(appends: readonly Append[], condition?: AppendCondition): Promise<readonly AppendSettled[]> {
    const { maxAttempts, clock, random } = this.#parts;
    let inDoubt = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.try(appends, condition)).map((outcome) => ({ outcome }));
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'lost') inDoubt = true;
        if (failure === 'refused' || attempt >= maxAttempts) {
          if (inDoubt)
            return appends.map((append) => ({
              error: new AppendInDoubtError({ eventIds: idsOf([append]) }, { cause: error }),
            }));
          if (appends.length > 1) return this.#oneByOne(appends);
          return [{ error: storageError('append events', advice, error) }];
        }
        if (failure === 'duplicate_id' && appends.length > 1) return this.#apart(appends, error);
        if (failure === 'duplicate_id') {
          const existing = await this.#existing(appends[0]!).catch((cause: unknown) => ({ error: cause }));
          if (existing) return ['error' in existing ? existing : { outcome: existing }];
        }
      }
      await sleep(backoffDelay(attempt, { initialMs: 20, maxMs: 1000 }, random), { clock });
    }
  }

  /** One try of one statement; throws what the driver throws. */
  async try(appends: readonly Append[], condition: AppendCondition | undefined): Promise<AppendOutcome[]> {
    const { text, values } = appendStatement(this.#parts.schema, appends, condition);
    const { rows } = await this.#parts.run(text, values);
    const outcomes = appendOutcomes(appends, (rows[0] as { answer: string }).answer);
    return Promise.all(
      outcomes.map(async (outcome, index) =>
        outcome.status === 'appended' ? outcome : ((await this.#existing(appends[index]!)) ?? outcome),
      ),
    );
  }

  /** Takes those out of a group that are stored already, and stores the others. */
  async #apart(appends: readonly Append[], reason: unknown): Promise<readonly AppendSettled[]> {
    try {
      const stored = new Set((await this.#parts.findByIds(idsOf(appends))).map(({ id }) => id));
      const isKnown = (append: Append) => idsOf([append]).some((id) => stored.has(id));
      const rest = appends.filter((append) => !isKnown(append));
      if (rest.length === appends.length) return this.#oneByOne(appends);
      const settled = rest.length > 0 ? await this.store(rest) : [];
      const known = await Promise.all(
        appends.filter(isKnown).map(async (append): Promise<AppendSettled> => {
          const outcome = await this.#existing(append);
          return outcome ? { outcome } : (await this.store([append]))[0]!;
        }),
      );
      return appends.map((append) =>
        isKnown(append) ? known[appends.filter(isKnown).indexOf(append)]! : settled[rest.indexOf(append)]!,
      );
    } catch (error) {
      const cause = new AggregateError([reason, error]);
      return appends.map(() => ({ error: storageError('append events', advice, cause) }));
    }
  }

  /** One of them makes the statement fail: the others must not suffer for it. */
  async #oneByOne(appends: readonly Append[]): Promise<readonly AppendSettled[]> {
    const settled: AppendSettled[] = [];
    for (const append of appends) settled.push(...(await this.store([append])));
    return settled;
  }

  async #existing(append: Append): Promise<AppendOutcome | undefined> {
    const events = await this.#parts.findByIds(idsOf([append]));
    return events.length > 0 ? { status: 'existing', events } : undefined;
  }
}

export const idsOf = (appends: readonly Append[]): string[] =>
  appends.flatMap((batches) => batches.flatMap(({ events }) => events.map(({ id }) => id)));
