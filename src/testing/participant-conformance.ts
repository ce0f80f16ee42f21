import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { JsonValue } from '../core/json-value.ts';
import type { SagaParticipant, TwoPhaseParticipant } from '../state/distributed/participant.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';

/** A participant, and what shows its work. */
export interface ParticipantUnderTest<P, W> {
  readonly participant: P;
  /** Another one over the same storage, as another process has it. Default: the same one. */
  readonly other?: P;
  /** Work that is seen under this key when it is done. Keys are unique to a case. */
  work(key: string): W;
  /** How often the work of this key is seen. */
  seen(key: string): Promise<number>;
}

/** How the suite comes by the participants that prepare. */
export interface ParticipantConformanceOptions<W> {
  create(): Promise<ParticipantUnderTest<TwoPhaseParticipant<W>, W>>;
  /** Work that can't be prepared. To be left out where there is none. */
  refused?(): W;
}

/** How the suite comes by the participants that compensate. */
export interface SagaConformanceOptions<I> {
  create(): Promise<ParticipantUnderTest<SagaParticipant<I>, I>>;
}

const { signal } = new AbortController();

/** The contract of {@link TwoPhaseParticipant}, as tests for any runner. */
export function participantConformance<W>(runner: ConformanceRunner, options: ParticipantConformanceOptions<W>): void {
  checkSuite(runner, options);
  const define = (title: string, run: (context: PreparingCase<W>) => Promise<void>) =>
    runner.it(title, async () => run(new PreparingCase(await options.create())));

  runner.describe('participant that prepares', () => {
    define('what is prepared is seen once it is committed, and once only', async (context) => {
      const { id, key, prepared } = await context.prepare();
      assert.equal(await context.seen(key), 0);
      await context.participant.commit(id, prepared, signal);
      assert.equal(await context.seen(key), 1);
      for (const each of [context.participant, context.other]) {
        await each.commit(id, prepared, signal);
        assert.equal(await context.seen(key), 1);
      }
    });

    define('what is rolled back is never seen, and in nobody’s way', async (context) => {
      const { id, key, prepared } = await context.prepare();
      await context.participant.rollback(id, prepared, signal);
      await context.other.rollback(id, undefined, signal);
      assert.equal(await context.seen(key), 0);
      await context.canBeDone(key);
    });

    define('another process rolls back what it knows by its id alone, or commits it', async (context) => {
      const [one, two] = [await context.prepare(), await context.prepare()];
      await context.other.rollback(one.id, undefined, signal);
      await context.other.commit(two.id, two.prepared, signal);
      assert.deepEqual([await context.seen(one.key), await context.seen(two.key)], [0, 1]);
      await context.canBeDone(one.key);
    });

    define('transactions that are prepared together are decided each for itself', async (context) => {
      const all = await Promise.all(Array.from({ length: 4 }, () => context.prepare()));
      await Promise.all(
        all.map(({ id, prepared }, n) => context.participant[n % 2 ? 'commit' : 'rollback'](id, prepared, signal)),
      );
      assert.deepEqual(await Promise.all(all.map(({ key }) => context.seen(key))), [0, 1, 0, 1]);
    });

    define('a commit that comes several times at once takes effect once', async (context) => {
      const { id, key, prepared } = await context.prepare();
      const both = [context.participant, context.other, context.participant, context.other];
      // Some of them may be refused while another is at work, to be tried again.
      await Promise.allSettled(both.map((each) => each.commit(id, prepared, signal)));
      await context.participant.commit(id, prepared, signal);
      assert.equal(await context.seen(key), 1);
    });

    define('a rollback of what is not known succeeds, and changes nothing', async (context) => {
      const { id, key, prepared } = await context.prepare();
      await context.participant.rollback(`no-${id}`, undefined, signal);
      await context.participant.commit(id, prepared, signal);
      await context.participant.rollback(`no-${id}`, undefined, signal);
      assert.equal(await context.seen(key), 1);
    });

    define('what is prepared after its rollback holds nothing, or is told of', async (context) => {
      const [id, key] = [randomUUID(), randomUUID()];
      await context.participant.rollback(id, undefined, signal);
      // It may be refused as well.
      await context.participant.prepare(id, context.work(key), signal).catch(() => undefined);
      const known = (await context.other.prepared?.(signal)) ?? [];
      if (known.includes(id)) await context.other.rollback(id, undefined, signal);
      assert.equal(await context.seen(key), 0);
      await context.canBeDone(key);
    });

    define('those that are prepared are told, if any are, until they are decided', async (context) => {
      const [one, two, three] = [await context.prepare(), await context.prepare(), await context.prepare()];
      const known = async () => {
        const ids = (await context.other.prepared?.(signal)) ?? [];
        return [one, two, three].map(({ id }) => ids.includes(id));
      };
      if (!context.other.prepared) return;
      assert.deepEqual(await known(), [true, true, true]);
      await context.participant.commit(one.id, one.prepared, signal);
      await context.participant.rollback(three.id, three.prepared, signal);
      assert.deepEqual(await known(), [false, true, false]);
      await context.participant.rollback(two.id, two.prepared, signal);
      assert.deepEqual(await known(), [false, false, false]);
    });

    if (options.refused) {
      const refused = options.refused.bind(options);
      define('work that can’t be done is refused when it is prepared, and rolled back', async (context) => {
        const id = randomUUID();
        await assert.rejects(async () => context.participant.prepare(id, refused(), signal));
        await context.participant.rollback(id, undefined, signal);
        assert.ok(!((await context.other.prepared?.(signal)) ?? []).includes(id));
      });
    }
  });
}

/** The contract of {@link SagaParticipant}, as tests for any runner. */
export function sagaConformance<I>(runner: ConformanceRunner, options: SagaConformanceOptions<I>): void {
  checkSuite(runner, options);
  type Context = Required<ParticipantUnderTest<SagaParticipant<I>, I>> & { readonly id: string; readonly key: string };
  const define = (title: string, run: (context: Context) => Promise<void>) =>
    runner.it(title, async () => {
      const made = await options.create();
      const { participant, other = participant } = made;
      const [work, seen] = [(key: string) => made.work(key), (key: string) => made.seen(key)];
      await run({ participant, other, work, seen, id: randomUUID(), key: randomUUID() });
    });

  runner.describe('participant that compensates', () => {
    define(
      'what is executed is seen, once however often it comes',
      async ({ participant, other, work, seen, id, key }) => {
        for (const each of [participant, other, participant]) {
          await each.execute(id, work(key), signal);
          assert.equal(await seen(key), 1);
        }
      },
    );

    define(
      'what is compensated is seen no more, however often it comes',
      async ({ participant, other, work, seen, id, key }) => {
        await participant.execute(id, work(key), signal);
        for (const each of [other, participant, other]) {
          await each.compensate(id, work(key), signal);
          assert.equal(await seen(key), 0);
        }
      },
    );

    define('a compensation of what never was succeeds', async ({ participant, work, seen, id, key }) => {
      await participant.compensate(id, work(key), signal);
      assert.equal(await seen(key), 0);
    });

    define('what comes after its compensation has no effect', async ({ participant, other, work, seen, id, key }) => {
      await other.compensate(id, work(key), signal);
      // It may be refused as well.
      await participant.execute(id, work(key), signal).catch(() => undefined);
      assert.equal(await seen(key), 0);
    });

    define('what comes at the same time as its compensation has no effect', async (context) => {
      const { participant, other, work, seen, id, key } = context;
      await Promise.all([
        participant.execute(id, work(key), signal).catch(() => undefined),
        other.compensate(id, work(key), signal),
      ]);
      assert.equal(await seen(key), 0);
    });

    define('transactions are told apart by their ids', async ({ participant, work, seen, id, key }) => {
      const [otherId, otherKey] = [randomUUID(), randomUUID()];
      await participant.execute(id, work(key), signal);
      await participant.execute(otherId, work(otherKey), signal);
      await participant.compensate(id, work(key), signal);
      assert.deepEqual([await seen(key), await seen(otherKey)], [0, 1]);
    });
  });
}

class PreparingCase<W> {
  readonly participant: TwoPhaseParticipant<W>;
  readonly other: TwoPhaseParticipant<W>;
  readonly #made: ParticipantUnderTest<TwoPhaseParticipant<W>, W>;

  constructor(made: ParticipantUnderTest<TwoPhaseParticipant<W>, W>) {
    this.participant = made.participant;
    this.other = made.other ?? made.participant;
    this.#made = made;
  }

  work(key: string): W {
    return this.#made.work(key);
  }

  seen(key: string): Promise<number> {
    return this.#made.seen(key);
  }

  /** A transaction that is prepared, and what it gave, by way of the log. */
  async prepare(key: string = randomUUID()) {
    const id = randomUUID();
    const answer = (await this.participant.prepare(id, this.work(key), signal)) as JsonValue | undefined;
    const prepared = answer === undefined ? undefined : (JSON.parse(JSON.stringify(answer)) as JsonValue);
    return { id, key, prepared };
  }

  /** Nothing of an earlier transaction is in the way of this key. */
  async canBeDone(key: string): Promise<void> {
    const { id, prepared } = await this.prepare(key);
    await this.other.commit(id, prepared, signal);
    assert.equal(await this.seen(key), 1);
  }
}
