import { describe, expect, test } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { ConcurrencyConflictError, isMigrationError } from '../../src/core/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import {
  ExpectedVersionNotPromisedError,
  TransactionInDoubtError,
  TransactionOvertakenError,
  TransactionRolledBackError,
} from '../../src/state/distributed/errors.ts';
import { eventStoreParticipant } from '../../src/state/distributed/event-store-participant.ts';
import { mvccParticipant } from '../../src/state/distributed/mvcc-participant.ts';
import type { Participants, SagaParticipant, TwoPhaseParticipant } from '../../src/state/distributed/participant.ts';
import { TransactionCoordinator } from '../../src/state/distributed/transaction-coordinator.ts';
import type { TransactionLog } from '../../src/state/distributed/transaction-log.ts';
import { PreparedConflictError } from '../../src/state/errors.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { StateTransaction } from '../../src/state/state-transaction.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const { signal } = new AbortController();
const nothing = { committed: [], rolledBack: [], compensated: [], parked: [], running: [], unresolved: [] };

/** A log, a clock and all that is done, in order. */
class Bench {
  readonly clock = new FakeClock(1_000);
  readonly done: string[] = [];
  readonly store = new EventStore({ adapter: new MemoryEventAdapter(), clock: this.clock });
  readonly log: TransactionLog = {
    append: async (stream, entries, options) => {
      await this.store.append(stream, entries, options);
      for (const { type, data } of entries) {
        this.done.push(type === 'transaction.decided' ? `log ${String(data.outcome)}` : `log ${type.split('.')[1]}`);
      }
    },
    read: (...args) => this.store.read(...args),
    readAll: (...args) => this.store.readAll(...args),
  };

  coordinator<P extends Participants>(participants: P, options: { name?: string; log?: TransactionLog } = {}) {
    const { clock, log } = this;
    const retry = { maxAttempts: 2, backoff: { initialMs: 10 } };
    return new TransactionCoordinator({ log, participants, clock, random: () => 0.5, retry, ...options });
  }

  preparer(name: string, changes: Partial<TwoPhaseParticipant<string>> = {}): TwoPhaseParticipant<string> {
    return {
      prepare: async (_id, work) => void this.done.push(`${name} prepares ${work}`),
      commit: async () => void this.done.push(`${name} commits`),
      rollback: async () => void this.done.push(`${name} rolls back`),
      ...changes,
    };
  }

  saga(name: string, changes: Partial<SagaParticipant<number>> = {}): SagaParticipant<number> {
    return {
      execute: async (_id, input) => void this.done.push(`${name} does ${input}`),
      compensate: async (_id, input) => void this.done.push(`${name} undoes ${input}`),
      ...changes,
    };
  }
}

const fails = (message: string) => async () => {
  throw new Error(message);
};

/** What the promise was rejected with. */
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it was to fail'),
    (error: unknown) => error,
  );

/** A promise and the hand that settles it. */
function later<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('a distributed transaction', () => {
  test('logs each step before it is taken: prepares, runs the sagas in order, decides, commits', async () => {
    const bench = new Bench();
    const coordinator = bench.coordinator({
      a: bench.preparer('a'),
      b: bench.preparer('b'),
      s: bench.saga('s'),
      t: bench.saga('t'),
    });
    const { transactionId, pending } = await coordinator.run({ t: 1, a: 'x', s: 2, b: 'y' });
    expect(pending).toEqual([]);
    expect(bench.done).toEqual([
      'log begun',
      'a prepares x',
      'b prepares y',
      'log step_started',
      't does 1',
      'log step_started',
      's does 2',
      'log commit',
      'a commits',
      'b commits',
      'log ended',
    ]);
    expect(await bench.store.streamVersion(`transactions-${transactionId}`)).toBe(5);
    expect(await coordinator.recover()).toEqual(nothing);
  });

  test('that one refuses is rolled back at all of them, and says why', async () => {
    const bench = new Bench();
    const coordinator = bench.coordinator({ a: bench.preparer('a'), b: bench.preparer('b', { prepare: fails('no') }) });
    const error = await failure(coordinator.run({ a: 'x', b: 'y' }));
    expect(error).toBeInstanceOf(TransactionRolledBackError);
    expect(error).toMatchObject({ pending: [], parked: undefined, cause: { message: 'no' } });
    expect(bench.done.slice(2)).toEqual(['log rollback', 'a rolls back', 'b rolls back', 'log ended']);
  });

  test('waits for every answer before it rolls back, so that nothing is prepared afterwards', async () => {
    const bench = new Bench();
    const slow = later();
    const prepare = async () => {
      await slow.promise;
      bench.done.push('a has prepared');
    };
    const coordinator = bench.coordinator({
      a: bench.preparer('a', { prepare }),
      b: bench.preparer('b', { prepare: fails('no') }),
    });
    const error = failure(coordinator.run({ a: 'x', b: 'y' }));
    await bench.clock.advance(100);
    expect(bench.done).toEqual(['log begun']);
    slow.resolve();
    await error;
    expect(bench.done.slice(1, 3)).toEqual(['a has prepared', 'log rollback']);
  });

  test('rolls back what was prepared after its time, when it comes, and stays open until then', async () => {
    const bench = new Bench();
    const slow = later();
    const coordinator = bench.coordinator({ a: bench.preparer('a', { prepare: () => slow.promise }) });
    const error = failure(coordinator.run({ a: 'x' }));
    await bench.clock.advance(10_000);
    expect(await error).toMatchObject({ cause: { code: 'TIMEOUT' } });
    expect(bench.done).toEqual(['log begun', 'log rollback', 'a rolls back']);
    slow.resolve();
    await bench.clock.advance(0);
    expect(bench.done.slice(3)).toEqual(['a rolls back', 'log ended']);
  });

  test('that can not be ended when a late answer comes is left to recover()', async () => {
    const bench = new Bench();
    const slow = later();
    let isDown = false;
    const append: TransactionLog['append'] = async (...args) => {
      if (isDown) throw new Error('down');
      await bench.log.append(...args);
    };
    const participants = { a: bench.preparer('a', { prepare: () => slow.promise }) };
    const coordinator = bench.coordinator(participants, { log: { ...bench.log, append } });
    const error = failure(coordinator.run({ a: 'x' }));
    await bench.clock.advance(10_000);
    const { transactionId } = (await error) as TransactionRolledBackError;
    isDown = true;
    slow.resolve();
    await bench.clock.advance(100);
    expect(bench.done.at(-1)).toBe('a rolls back');
    isDown = false;
    expect(await coordinator.recover()).toEqual({ ...nothing, rolledBack: [transactionId] });
  });

  test('compensates in reverse what had begun, the step that failed included', async () => {
    const bench = new Bench();
    const coordinator = bench.coordinator({
      p: bench.preparer('p'),
      a: bench.saga('a'),
      b: bench.saga('b', { execute: fails('no') }),
      c: bench.saga('c'),
    });
    await failure(coordinator.run({ a: 1, b: 2, c: 3, p: 'x' }));
    const after = bench.done.indexOf('log rollback') + 1;
    expect(bench.done.slice(after)).toEqual([
      'p rolls back',
      'b undoes 2',
      'log compensated',
      'a undoes 1',
      'log compensated',
      'log ended',
    ]);
  });

  test('is rolled back by an abort before its decision, and not after it', async () => {
    const bench = new Bench();
    const [slow, abort] = [later(), new AbortController()];
    const coordinator = bench.coordinator({
      a: bench.preparer('a'),
      s: bench.saga('s', { execute: () => slow.promise }),
    });
    const error = failure(coordinator.run({ a: 'x', s: 1 }, { signal: abort.signal }));
    await bench.clock.advance(0);
    abort.abort(new Error('enough'));
    expect(await error).toMatchObject({ code: 'TRANSACTION_ROLLED_BACK', cause: { message: 'enough' } });

    const committing = later();
    const other = bench.coordinator({ a: bench.preparer('a', { commit: () => committing.promise }) });
    const again = new AbortController();
    const answer = other.run({ a: 'x' }, { signal: again.signal });
    await bench.clock.advance(0);
    again.abort();
    committing.resolve();
    expect(await answer).toMatchObject({ pending: [] });
  });

  test('that can not be told to somebody is committed, and names him for recover()', async () => {
    const bench = new Bench();
    let isDown = true;
    const commit = async () => {
      if (isDown) throw new Error('down');
      bench.done.push('a commits at last');
    };
    const coordinator = bench.coordinator({ a: bench.preparer('a', { commit }), b: bench.preparer('b') });
    const answer = coordinator.run({ a: 'x', b: 'y' });
    await bench.clock.advance(10);
    const { transactionId, pending } = await answer;
    expect(pending).toEqual(['a']);
    await bench.clock.advance(30_000);
    const failing = coordinator.recover();
    await bench.clock.advance(10);
    expect(await failing).toMatchObject({
      unresolved: [{ transactionId, participant: 'a', error: { message: 'down' } }],
    });
    isDown = false;
    expect(await coordinator.recover()).toEqual({ ...nothing, committed: [transactionId] });
    expect(bench.done.slice(-3)).toEqual(['a commits at last', 'b commits', 'log ended']);
  });

  test('whose decision the log does not confirm is in doubt, and recover() finds out what it was', async () => {
    for (const isWritten of [true, false]) {
      const bench = new Bench();
      let isCut = true;
      const log: TransactionLog = {
        ...bench.log,
        append: async (stream, entries, options) => {
          const isDecision = entries[0]!.type === 'transaction.decided';
          if (!isDecision || isWritten) await bench.log.append(stream, entries, options);
          if (isDecision && isCut) throw new Error('connection lost');
        },
      };
      const coordinator = bench.coordinator({ a: bench.preparer('a') }, { log });
      const error = failure(coordinator.run({ a: 'x' }));
      await bench.clock.advance(10);
      expect(await error).toBeInstanceOf(TransactionInDoubtError);
      isCut = false;
      const { transactionId } = (await error) as TransactionInDoubtError;
      const last = bench.coordinator({ a: bench.preparer('a') });
      const expected = isWritten ? { committed: [transactionId] } : { rolledBack: [transactionId] };
      expect(await last.recover({ takeOver: true })).toEqual({ ...nothing, ...expected });
    }
  });

  test('takes participants that answer at once', async () => {
    const bench = new Bench();
    const atOnce = () => undefined as unknown as Promise<void>;
    const preparer = { prepare: atOnce, commit: atOnce, rollback: atOnce };
    const coordinator = bench.coordinator({ a: preparer, s: { execute: atOnce, compensate: atOnce } });
    expect(await coordinator.run({ a: 1, s: 2 })).toMatchObject({ pending: [] });
  });

  test('takes each participant once, and nothing after its end', async () => {
    const bench = new Bench();
    const coordinator = bench.coordinator({ a: bench.preparer('a'), s: bench.saga('s') });
    const transaction = coordinator.begin().enlist('a', 'x');
    expect(() => transaction.enlist('a', 'y')).toThrow('expected a participant without work');
    expect(() => transaction.enlist('s', Number.NaN)).toThrow('expected a finite number');
    expect(() => transaction.enlist('c' as 'a', 'y')).toThrow('there is no participant "c"');
    await transaction.rollback();
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(bench.done).toEqual([]);

    const other = coordinator.begin().enlist('a', 'x');
    const committing = other.commit();
    await other.rollback(); // too late
    await committing;
    expect(bench.done).toContain('a commits');
  });
});

describe('a coordinator', () => {
  test.each([
    [{}, 'at least one participant'],
    [
      { a: { prepare: async () => {} } },
      'options.participants.a: expected an object with prepare, commit and rollback',
    ],
    [{ a: null }, 'options.participants.a'],
  ])('refuses the participants %j', (participants, message) => {
    expect(() => new Bench().coordinator(participants as unknown as Participants)).toThrow(message);
  });
});

describe('recover()', () => {
  test('leaves a transaction alone until its time is over; then the log lets only one of them decide', async () => {
    const bench = new Bench();
    const slow = later();
    const participants = { a: bench.preparer('a'), s: bench.saga('s', { execute: () => slow.promise }) };
    const [live, other] = [bench.coordinator(participants), bench.coordinator(participants)];
    const error = failure(live.run({ a: 'x', s: 1 }));
    await bench.clock.advance(5_000);
    const { running } = await other.recover();
    expect(running).toHaveLength(1);
    // The process itself does not take over what it runs.
    expect(await live.recover({ takeOver: true })).toEqual({ ...nothing, running });
    expect(await other.recover({ takeOver: true })).toEqual({ ...nothing, rolledBack: running, compensated: running });
    bench.done.length = 0;
    slow.resolve();
    expect(await error).toMatchObject({ cause: { code: 'TRANSACTION_OVERTAKEN' } });
    expect((await error) as Error).toMatchObject({ cause: expect.any(TransactionOvertakenError) });
    // What the step did in the meantime is undone once more.
    expect(bench.done).toEqual(['a rolls back', 's undoes 1']);
  });

  test('frees what was prepared when everybody had heard of the rollback, and leaves alone what others prepared', async () => {
    const bench = new Bench();
    const versions = new MemoryVersionStore();
    const accounts = mvccParticipant(new MVCCController<number>({ store: versions, clock: bench.clock }));
    let isCut = false;
    const late: (() => Promise<unknown>)[] = [];
    const cut: typeof accounts = {
      ...accounts,
      prepare: async (...args) => {
        if (!isCut) return accounts.prepare(...args);
        // It is on its way, and this process will not learn of it.
        late.push(() => accounts.prepare(...args));
        throw new Error('connection lost');
      },
    };
    const coordinator = bench.coordinator({ accounts: cut });
    isCut = true;
    const work = (transaction: StateTransaction<number>) => transaction.write('k', 1);
    await failure(coordinator.run({ accounts: work }));
    await late[0]!();
    await versions.prepare('of-another', { writes: [{ aggregateId: 'o', state: 1 }], checks: [], timestamp: 1 });
    expect(await versions.prepared()).toHaveLength(2);
    expect((await coordinator.recover()).rolledBack).toHaveLength(1);
    expect((await versions.prepared()).map(({ id }) => id)).toEqual(['of-another']);
  });

  test('begins where an earlier one had found everything ended, with what was open then', async () => {
    const bench = new Bench();
    let isDown = true;
    const commit = async () => {
      if (isDown) throw new Error('down');
    };
    const participants = { a: bench.preparer('a'), b: bench.preparer('b', { commit }) };
    let read = 0;
    const log: TransactionLog = {
      ...bench.log,
      async *readAll(options) {
        for await (const entry of bench.log.readAll(options)) {
          read += 1;
          yield entry;
        }
      },
    };
    const coordinator = bench.coordinator(participants, { log });
    const left = coordinator.run({ b: 'x' });
    await bench.clock.advance(10);
    for (let n = 0; n < 250; n++) await coordinator.run({ a: 'x' });
    const { transactionId } = await left;
    const first = coordinator.recover();
    await bench.clock.advance(10);
    expect(await first).toMatchObject({ unresolved: [{ transactionId }] });
    expect(read).toBe(501);
    await coordinator.run({ a: 'x' });
    read = 0;
    isDown = false;
    expect(await coordinator.recover()).toEqual({ ...nothing, committed: [transactionId] });
    expect(read).toBe(2);
  });

  test('misses no stream that was deleted after its transaction had ended', async () => {
    const bench = new Bench();
    const coordinator = bench.coordinator({ a: bench.preparer('a') });
    const { transactionId } = await coordinator.run({ a: 'x' });
    await bench.store.deleteStream(`transactions-${transactionId}`);
    expect(await coordinator.recover({ takeOver: true })).toEqual(nothing);
    await expect(coordinator.retryParked(transactionId)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('rejects with the error of a log that does not answer, and is told by name who can not say what he holds', async () => {
    const bench = new Bench();
    const down = new Error('down');
    const prepared = async () => {
      throw down;
    };
    const coordinator = bench.coordinator({ a: bench.preparer('a', { prepared }) });
    const unresolved = [{ transactionId: null, participant: 'a', error: down }];
    expect(await coordinator.recover()).toEqual({ ...nothing, unresolved });
    const readAll = () => {
      throw down;
    };
    const broken = bench.coordinator({ a: bench.preparer('a') }, { log: { ...bench.log, readAll } });
    await expect(broken.recover()).rejects.toBe(down);
  });

  test('does not touch the transactions of another name, and asks for participants it does not have', async () => {
    const bench = new Bench();
    const slow = later();
    const participants = { a: bench.preparer('a'), s: bench.saga('s', { execute: () => slow.promise }) };
    void failure(bench.coordinator(participants, { name: 'shop' }).run({ a: 'x', s: 1 }));
    await bench.clock.advance(0);
    expect(await bench.coordinator(participants).recover({ takeOver: true })).toEqual(nothing);
    const { a } = participants;
    const { unresolved } = await bench.coordinator({ a }, { name: 'shop' }).recover({ takeOver: true });
    expect(unresolved).toMatchObject([{ participant: 's', error: { code: 'UNKNOWN_PARTICIPANT' } }]);
    expect((await bench.coordinator(participants, { name: 'shop' }).recover()).compensated).toHaveLength(1);
  });
});

describe('a compensation that fails', () => {
  async function parked(undo: () => Promise<void>) {
    const bench = new Bench();
    const coordinator = bench.coordinator({
      a: bench.saga('a'),
      b: bench.saga('b', { compensate: undo }),
      c: bench.saga('c', { execute: fails('no') }),
    });
    const error = failure(coordinator.run({ a: 1, b: 2, c: 3 }));
    await bench.clock.advance(10);
    return { bench, coordinator, error: (await error) as TransactionRolledBackError };
  }

  test('is tried again, then waits for a person with the steps before it', async () => {
    let tries = 0;
    const { bench, coordinator, error } = await parked(async () => {
      tries += 1;
      if (tries < 4) throw new Error(`try ${tries}`);
      bench.done.push('b is undone');
    });
    expect(error).toMatchObject({ parked: 'b', pending: [] });
    expect(tries).toBe(2);
    expect(bench.done.slice(-2)).toEqual(['log compensated', 'log parked']);
    const { transactionId } = error;
    const what = { transactionId, participant: 'b', error: { name: 'Error', message: 'try 2' } };
    expect(await coordinator.parked()).toMatchObject([what]);
    expect(await coordinator.recover({ takeOver: true })).toEqual({ ...nothing, parked: [transactionId] });
    expect(tries).toBe(2);

    bench.done.length = 0;
    const retried = coordinator.retryParked(transactionId);
    await bench.clock.advance(10);
    expect(await retried).toBe(true);
    expect(bench.done).toEqual([
      'log resumed',
      'b is undone',
      'log compensated',
      'a undoes 1',
      'log compensated',
      'log ended',
    ]);
    expect(await coordinator.parked()).toEqual([]);
    await expect(coordinator.retryParked(transactionId)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('is parked again if it fails again, and can be done by hand', async () => {
    const { bench, coordinator, error } = await parked(fails('never'));
    const retried = coordinator.retryParked(error.transactionId);
    await bench.clock.advance(10);
    expect(await retried).toBe(false);
    bench.done.length = 0;
    expect(await coordinator.compensatedByHand(error.transactionId)).toBe(true);
    expect(bench.done).toEqual(['log compensated', 'a undoes 1', 'log compensated', 'log ended']);
    expect(await coordinator.recover()).toEqual(nothing);
  });
});

describe('close()', () => {
  test('ends what is not decided, leaves no timer, and the rest to another coordinator', async () => {
    const bench = new Bench();
    const participants = {
      a: bench.preparer('a', { commit: () => new Promise(() => {}) }),
      s: bench.saga('s', { execute: () => new Promise(() => {}) }),
    };
    const coordinator = bench.coordinator(participants);
    const undecided = failure(coordinator.run({ a: 'x', s: 1 }));
    const decided = coordinator.run({ a: 'x' });
    await bench.clock.advance(0);
    await coordinator.close();
    expect(await undecided).toMatchObject({
      code: 'TRANSACTION_ROLLED_BACK',
      pending: ['a', 's'],
      cause: { code: 'CLOSED' },
    });
    expect(await decided).toMatchObject({ pending: ['a'] });
    expect(bench.clock.pending).toBe(0);
    await expect(coordinator.recover()).rejects.toMatchObject({ code: 'CLOSED' });
    const next = bench.coordinator({ a: bench.preparer('a'), s: bench.saga('s') });
    const { committed, compensated } = await next.recover();
    expect([committed.length, compensated.length]).toEqual([1, 1]);
  });
});

describe('eventStoreParticipant', () => {
  test('appends under the ids that were prepared, however often it commits', async () => {
    const store = new EventStore({ adapter: new MemoryEventAdapter() });
    const participant = eventStoreParticipant(store);
    const events = [
      { type: 'a', data: { n: 1 }, metadata: { by: 'me' }, tags: ['t'] },
      { type: 'b', data: null },
    ];
    const prepared = await participant.prepare('t', [{ stream: 's', events }], signal);
    expect(await store.streamVersion('s')).toBe(0);
    await store.append('s', [{ type: 'between', data: 0 }]);
    const kept = JSON.parse(JSON.stringify(prepared));
    for (let times = 0; times < 3; times++) await participant.commit('t', kept, signal);
    const found: unknown[] = [];
    for await (const { type, data, metadata, tags } of store.read('s')) found.push({ type, data, metadata, tags });
    expect(found.slice(1)).toEqual([
      { type: 'a', data: { n: 1 }, metadata: { by: 'me' }, tags: ['t'] },
      { type: 'b', data: null, metadata: {}, tags: [] },
    ]);
  });

  test('refuses an expected version, which it can not promise, and what could not be appended later', async () => {
    const store = new EventStore({ adapter: new MemoryEventAdapter() });
    const participant = eventStoreParticipant(store, {
      validate: ([first]) => {
        if (first!.stream === 'closed') throw new Error('closed');
      },
    });
    const events = [{ type: 'a', data: 1 }];
    const refusal = (work: Parameters<typeof participant.prepare>[1]) =>
      failure(participant.prepare('t', work, signal));
    expect(await refusal([{ stream: 's', events, expectedVersion: 3 }])).toBeInstanceOf(
      ExpectedVersionNotPromisedError,
    );
    for (const work of [
      [],
      [{ stream: 's', events: [] }],
      [
        { stream: 's', events },
        { stream: 's', events },
      ],
      [{ stream: '', events }],
      [{ stream: 's', events: [{ type: 'a', data: undefined }] }],
    ]) {
      expect(isMigrationError(await refusal(work), 'INVALID_ARGUMENT')).toBe(true);
    }
    expect(await refusal([{ stream: 'closed', events }])).toMatchObject({ message: 'closed' });
  });
});

describe('mvccParticipant', () => {
  test('says what stands in its way, and holds what it has prepared', async () => {
    const mvcc = new MVCCController<number>();
    const participant = mvccParticipant(mvcc);
    const late = participant.prepare(
      'a',
      async (transaction) => {
        await transaction.write('k', ((await transaction.read('k'))?.state ?? 0) + 1);
        await mvcc.writeVersion('k', 7);
      },
      signal,
    );
    await expect(late).rejects.toThrow(ConcurrencyConflictError);
    await participant.prepare('b', (transaction) => transaction.write('k', 8), signal);
    const other = participant.prepare('c', (transaction) => transaction.write('k', 9), signal);
    await expect(other).rejects.toThrow(PreparedConflictError);
    expect(await participant.prepared!(signal)).toEqual(['b']);
    for (let times = 0; times < 2; times++) await participant.commit('b', undefined, signal);
    await participant.rollback('c', undefined, signal);
    expect(await mvcc.readVersion('k')).toMatchObject({ version: 2, state: 8 });
  });

  test('lets work read and write, and not end the transaction that is the participant’s to end', async () => {
    const mvcc = new MVCCController<number>();
    const work = async (transaction: object) => {
      await (transaction as StateTransaction<number>).write('k', 1);
      for (const end of ['commit', 'prepare', 'rollback', 'end']) expect(transaction).not.toHaveProperty(end);
      throw new Error('changed my mind');
    };
    await expect(mvccParticipant(mvcc).prepare('a', work, signal)).rejects.toThrow('changed my mind');
    expect(await mvcc.readVersion('k')).toBeNull();
  });

  test('prepares a transaction that is open, with what it has read', async () => {
    const bench = new Bench();
    const mvcc = new MVCCController<number>();
    const coordinator = bench.coordinator({ versions: mvccParticipant(mvcc), s: bench.saga('s') });
    const transaction = mvcc.begin();
    const balance = (await transaction.read('k'))?.state ?? 10;
    await transaction.write('k', balance - 3);
    await coordinator.run({ versions: transaction, s: 3 });
    expect(await mvcc.readVersion('k')).toMatchObject({ state: 7 });
  });
});
