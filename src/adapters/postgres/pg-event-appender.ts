import { sleep } from '../../core/abort.ts';
import { backoffDelay, type Random } from '../../core/backoff.ts';
import { CallersError } from '../../core/callers-error.ts';
import type { Clock } from '../../core/clock.ts';
import { AppendInDoubtError } from '../../core/errors.ts';
import type { AppendCondition, AppendOutcome, StoredEvent } from '../../events/event-adapter.ts';
import type { AppendSettled } from './append-groups.ts';
import { type Append, groupStatement, type Statement } from './pg-append-statement.ts';
import { pgError } from './pg-error.ts';
import { failureOf } from './pg-failure.ts';
import type { PgResult } from './pg-queryable.ts';
import { areSimple, simpleStatement } from './pg-simple-append-statement.ts';

/** What storing a group needs. */
export interface PgEventAppenderParts {
  readonly schema: string;
  run(text: string, values: unknown[]): Promise<PgResult>;
  findByIds(ids: readonly string[]): Promise<readonly StoredEvent[]>;
  readonly maxAttempts: number;
  readonly clock: Clock;
  readonly random: Random;
}

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
   * @param attemptOnce - How the only append is tried, if not by a statement of its own.
   */
  async store(
    appends: readonly Append[],
    attemptOnce: () => Promise<AppendOutcome[]> = () => this.try(appends),
  ): Promise<readonly AppendSettled[]> {
    const { maxAttempts, clock, random } = this.#parts;
    let inDoubt = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return (await attemptOnce()).map((outcome) => ({ outcome }));
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'lost') inDoubt = true;
        if (failure === 'refused' || attempt >= maxAttempts) {
          // Done once the events were written: no try before it had stored them.
          if (error instanceof CallersError) return [{ error: error.cause }];
          if (inDoubt)
            return appends.map((append) => ({
              error: new AppendInDoubtError({ eventIds: idsOf([append]) }, { cause: error }),
            }));
          if (appends.length > 1) return this.#oneByOne(appends);
          return [{ error: pgError('append events', advice, error) }];
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

  /** One try; throws what the driver throws. */
  async try(appends: readonly Append[], condition?: AppendCondition): Promise<AppendOutcome[]> {
    const { schema } = this.#parts;
    const isSimple = !condition && areSimple(appends);
    const statement = isSimple ? simpleStatement(schema, appends) : groupStatement(schema, appends, condition);
    const answered = statement.outcomes(await this.#answer(statement));
    if (answered.every((outcome) => outcome?.status === 'appended')) return answered as AppendOutcome[];
    const outcomes = [...answered];
    const refused = appends.filter((_, index) => outcomes[index]?.status !== 'appended');
    const stored = await this.#parts.findByIds(idsOf(refused));
    for (const [index, append] of appends.entries()) {
      if (outcomes[index]?.status === 'appended') continue;
      const ids = new Set(idsOf([append]));
      const events = stored.filter(({ id }) => ids.has(id));
      if (events.length > 0) outcomes[index] = { status: 'existing', events };
    }
    const open = appends.filter((_, index) => !outcomes[index]);
    if (open.length === 0) return outcomes as AppendOutcome[];
    const other = groupStatement(schema, open, undefined);
    const told = [...other.outcomes(await this.#answer(other))];
    return outcomes.map((outcome) => outcome ?? told.shift()!);
  }

  async #answer({ text, values }: Statement): Promise<string | null> {
    const { rows } = await this.#parts.run(text, values);
    return (rows[0] as { answer: string | null }).answer;
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
      return appends.map(() => ({ error: pgError('append events', advice, cause) }));
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
