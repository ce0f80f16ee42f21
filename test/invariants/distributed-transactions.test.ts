import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMigrationError } from '../../src/core/errors.ts';
import { type Around, type ParticipantName, participantNames, World } from '../state/distributed-world.ts';
import { runs } from './runs.ts';

/** What becomes of a call: its effect may be there though it failed, and an answer may never come. */
const faults = ['fails before', 'fails after', 'silent before', 'silent after'] as const;

interface Plan {
  /** Who takes part in each transaction; they run at the same time, each in a process of its own. */
  readonly transactions: readonly (readonly ParticipantName[])[];
  /** After how many places each of those processes dies; one that is not named lives. */
  readonly lives: readonly (number | null)[];
  /** What happens to which call, of all there are. */
  readonly faults: readonly (readonly [call: number, fault: (typeof faults)[number]])[];
  /** Recoveries beside them: after how many steps of the schedule each begins, and whether it waits for nobody. */
  readonly recoveries: readonly { readonly at: number; readonly takeOver: boolean }[];
  /** After which steps time jumps, so that what is on its way is given up and comes to its effect afterwards. */
  readonly jumps: readonly number[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  transactions: fc.array(fc.shuffledSubarray([...participantNames], { minLength: 1 }), { minLength: 1, maxLength: 3 }),
  lives: fc.array(fc.option(fc.nat(30), { freq: 2 }), { maxLength: 3 }),
  faults: fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...faults)), { maxLength: 4 }),
  recoveries: fc.array(fc.record({ at: fc.nat(60), takeOver: fc.boolean() }), { maxLength: 3 }),
  jumps: fc.array(fc.nat(60), { maxLength: 3 }),
});

type Answer = 'committed' | 'rolled back' | 'unknown' | 'not begun';

/** The run of a plan under one order of all that is on its way. */
class Run {
  readonly world = new World();
  readonly #plan: Plan;
  readonly #schedule: fc.Scheduler;
  readonly #answers: Answer[];
  #calls = 0;
  #open = 0;

  constructor(plan: Plan, schedule: fc.Scheduler) {
    this.#plan = plan;
    this.#schedule = schedule;
    this.#answers = plan.transactions.map(() => 'unknown');
  }

  async end(): Promise<readonly Answer[]> {
    const { transactions, lives, recoveries, jumps } = this.#plan;
    transactions.forEach((names, index) => void this.#begin(names, index, lives[index] ?? null));
    for (let step = 0, idle = 0; idle < 30; step++) {
      for (const { at, takeOver } of recoveries) if (at === step) this.#recover(takeOver);
      await this.world.clock.advance(jumps.includes(step) ? 15_000 : 0);
      if (this.#schedule.count() > 0) {
        await this.#schedule.waitOne();
        idle = 0;
      } else {
        // Nothing goes on without time; where nobody waits for any either, the plan is at its end.
        await this.world.clock.advance(5_000);
        idle = this.#open === 0 && step > 60 ? 30 : idle + 1;
      }
    }
    return this.#answers;
  }

  #begin(names: readonly ParticipantName[], index: number, placesToLive: number | null): void {
    const key = `k${index}`;
    // What all of them write: those that are prepared at the same time are in each other's way.
    const branches = this.world.branches(key, names, 'shared');
    this.#while(
      this.world
        .coordinator(this.#around(placesToLive))
        .run(branches)
        .then(
          () => {
            this.#answers[index] = 'committed';
          },
          (error: unknown) => {
            if (isMigrationError(error, 'TRANSACTION_ROLLED_BACK')) this.#answers[index] = 'rolled back';
            else if (!isMigrationError(error, 'TRANSACTION_IN_DOUBT')) this.#answers[index] = 'not begun';
          },
        ),
    );
  }

  #recover(takeOver: boolean): void {
    // It may fail, as the log may; the next one goes on.
    this.#while(
      this.world
        .coordinator(this.#around(null))
        .recover({ takeOver })
        .then(undefined, () => undefined),
    );
  }

  #while(work: Promise<unknown>): void {
    this.#open += 1;
    void work.finally(() => {
      this.#open -= 1;
    });
  }

  /** One process: every call waits for its turn before its effect and before its answer. */
  #around(placesToLive: number | null): Around {
    let left = placesToLive ?? Number.POSITIVE_INFINITY;
    const place = async (what: string) => {
      await this.#schedule.schedule(Promise.resolve(), what);
      if (left-- <= 0) await never;
    };
    return async (what, effect) => {
      const number = this.#calls++;
      const fault = this.#plan.faults.find(([call]) => call === number)?.[1];
      await place(what);
      if (fault === 'silent before' && !what.startsWith('log.')) await never;
      if (fault?.endsWith('before')) throw new Error(`${what} ${fault}`);
      const result = await effect();
      await place(`${what} answers`);
      if (fault === 'silent after' && !what.startsWith('log.')) await never;
      if (fault?.endsWith('after')) throw new Error(`${what} ${fault}`);
      return result;
    };
  }
}

const never = new Promise<never>(() => {});

describe('MV9 distributed transactions', () => {
  test('end everywhere or nowhere, whatever fails, dies, comes late or recovers beside them', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.scheduler(), async (plan, schedule) => {
        const run = new Run(plan, schedule);
        const { world } = run;
        const answers = await run.end();
        const last = world.coordinator();
        await last.recover({ takeOver: true });
        for (const { transactionId } of await last.parked()) await last.retryParked(transactionId);
        for (const [index, names] of plan.transactions.entries()) {
          const outcome = await world.outcome(`k${index}`, names);
          expect(outcome).not.toContain('mixed');
          if (answers[index] === 'committed') expect(outcome).toBe('all');
          if (answers[index] === 'rolled back' || answers[index] === 'not begun') expect(outcome).toBe('nothing');
        }
        expect(await world.prepared()).toBe(0);
        const left = Object.entries(await last.recover({ takeOver: true })).filter(([, list]) => list.length > 0);
        expect(left).toEqual([]);
      }),
      runs(300),
    );
  });
});
