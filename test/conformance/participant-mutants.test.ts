// The suites are only worth something if they turn red on participants that are wrong: each mutant breaks one promise of a
// correct one.
import { describe, expect, it } from 'vitest';
import type { SagaParticipant, TwoPhaseParticipant } from '../../src/state/distributed/participant.ts';
import { participantConformance, sagaConformance } from '../../src/testing/participant-conformance.ts';
import { failingCases } from './failing-cases.ts';

/** Counts what is done under each key, and can be broken in many ways. */
class Counter {
  readonly held = new Map<string, string>();
  readonly ended = new Set<string>();
  readonly counts = new Map<string, number>();
  add = (key: string, by: number) => void this.counts.set(key, (this.counts.get(key) ?? 0) + by);

  preparer: TwoPhaseParticipant<string> = {
    prepare: async (id, key) => {
      if (key === 'bad' || [...this.held.values()].includes(key)) throw new Error('refused');
      if (!this.ended.has(id)) this.held.set(id, key);
    },
    commit: async (id) => {
      const key = this.held.get(id);
      if (key !== undefined) this.add(key, 1);
      this.held.delete(id);
    },
    rollback: async (id) => {
      this.ended.add(id);
      this.held.delete(id);
    },
    prepared: async () => [...this.held.keys()],
  };

  saga: SagaParticipant<string> = {
    execute: async (id, key) => {
      if (!this.ended.has(id) && !this.held.has(id)) this.add(key, 1);
      this.held.set(id, key);
    },
    compensate: async (id, key) => {
      if (this.held.has(id) && !this.ended.has(id)) this.add(key, -1);
      this.ended.add(id);
    },
  };
}

const preparers: Record<string, (counter: Counter) => Partial<TwoPhaseParticipant<string>>> = {
  'shows what is prepared': ({ add, held }) => ({
    prepare: async (id, key) => {
      held.set(id, key);
      add(key, 1);
    },
    commit: async (id) => void held.delete(id),
  }),
  'commits twice': ({ add, held }) => ({
    commit: async (id) => void add(held.get(id)!, 1),
  }),
  'does not commit': () => ({ commit: async () => {} }),
  'commits all there is': ({ add, held }) => ({
    commit: async () => {
      for (const key of held.values()) add(key, 1);
      held.clear();
    },
  }),
  'does not roll back': () => ({ rollback: async () => {} }),
  'rolls back all there is': ({ held }) => ({ rollback: async () => held.clear() }),
  'refuses to roll back what it does not know': ({ held }) => ({
    rollback: async (id) => {
      if (!held.delete(id)) throw new Error('no such transaction');
    },
  }),
  'refuses to commit again': ({ add, held }) => ({
    commit: async (id) => {
      const key = held.get(id);
      if (key === undefined) throw new Error('no such transaction');
      held.delete(id);
      add(key, 1);
    },
  }),
  'holds what comes late, and tells nobody': ({ held }) => ({
    prepare: async (id, key) => {
      if ([...held.values()].includes(key)) throw new Error('refused');
      held.set(id, key);
    },
    prepared: async () => [],
  }),
  'tells what is decided': ({ ended, held }) => ({ prepared: async () => [...held.keys(), ...ended] }),
  'takes what it can not do': ({ held }) => ({ prepare: async (id, key) => void held.set(id, key) }),
};

const sagas: Record<string, (counter: Counter) => Partial<SagaParticipant<string>>> = {
  'executes again': ({ add }) => ({ execute: async (_, key) => add(key, 1) }),
  'executes nothing': () => ({ execute: async () => {} }),
  'compensates again': ({ add, held }) => ({
    compensate: async (id, key) => {
      if (held.has(id)) add(key, -1);
    },
  }),
  'compensates what never was': ({ add, ended }) => ({
    compensate: async (id, key) => {
      if (!ended.has(id)) add(key, -1);
      ended.add(id);
    },
  }),
  'does not compensate': () => ({ compensate: async () => {} }),
  'refuses to compensate what it does not know': ({ saga: { compensate }, held }) => ({
    compensate: async (id, ...rest) => {
      if (!held.has(id)) throw new Error('no such transaction');
      return compensate(id, ...rest);
    },
  }),
  'executes what was compensated': ({ add, held }) => ({
    execute: async (id, key) => {
      if (!held.has(id)) add(key, 1);
      held.set(id, key);
    },
  }),
  'takes all transactions for one': ({ saga: { execute, compensate } }) => ({
    execute: (_, ...rest) => execute('one', ...rest),
    compensate: (_, ...rest) => compensate('one', ...rest),
  }),
};

const preparing = (mutate: (counter: Counter) => Partial<TwoPhaseParticipant<string>>) =>
  failingCases((runner) =>
    participantConformance(runner, {
      create: async () => {
        const counter = new Counter();
        const participant = { ...counter.preparer, ...mutate(counter) };
        return { participant, work: (key) => key, seen: async (key) => counter.counts.get(key) ?? 0 };
      },
      refused: () => 'bad',
    }),
  );

const compensating = (mutate: (counter: Counter) => Partial<SagaParticipant<string>>) =>
  failingCases((runner) =>
    sagaConformance(runner, {
      create: async () => {
        const counter = new Counter();
        const participant = { ...counter.saga, ...mutate(counter) };
        return { participant, work: (key) => key, seen: async (key) => counter.counts.get(key) ?? 0 };
      },
    }),
  );

describe('the suites of participants', () => {
  it('are green on correct ones', async () => {
    expect([await preparing(() => ({})), await compensating(() => ({}))]).toEqual([[], []]);
  });

  it.each(Object.entries(preparers))('turn red on one that %s', async (_, mutate) => {
    expect(await preparing(mutate)).not.toEqual([]);
  });

  it.each(Object.entries(sagas))('turn red on a saga that %s', async (_, mutate) => {
    expect(await compensating(mutate)).not.toEqual([]);
  });
});
