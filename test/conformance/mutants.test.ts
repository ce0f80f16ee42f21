// The suite is only worth something if it turns red on adapters that are wrong: each mutant breaks one promise of a
// correct adapter, and is listed under the groups of cases of which at least one must notice.
import { describe, expect, it } from 'vitest';
import { eventAdapterConformance } from '../../src/testing/event-adapter-conformance.ts';
import * as append from './event-adapter-mutants/append.ts';
import * as fields from './event-adapter-mutants/fields.ts';
import { importMutants } from './event-adapter-mutants/import.ts';
import * as keptState from './event-adapter-mutants/kept-state.ts';
import { type Mutant, type Mutants, mutate } from './event-adapter-mutants/mutant.ts';
import * as queries from './event-adapter-mutants/queries.ts';
import * as streams from './event-adapter-mutants/streams.ts';
import * as transaction from './event-adapter-mutants/transaction.ts';
import { failingCases } from './failing-cases.ts';

const mutants: readonly (readonly [group: string, Mutants])[] = [
  ['append', append.appendMutants],
  ['append', fields.nameMutants],
  ['append', fields.fieldMutants],
  ['sizes', append.sizeMutants],
  ['expected version', append.expectedVersionMutants],
  ['idempotence', append.idempotenceMutants],
  ['order of refusals', append.orderMutants],
  ['races', append.raceMutants],
  ['reading', fields.readMutants],
  ['pages', fields.pageMutants],
  ['tags and queries', queries.queryMutants],
  ['conditions', queries.conditionMutants],
  ['races on conditions', queries.conditionRaceMutants],
  ['truncation', streams.truncationMutants],
  ['deletion', streams.deletionMutants],
  ['list of streams', streams.streamListMutants],
  ['import', importMutants],
  ['snapshots', keptState.snapshotMutants],
  ['checkpoints', keptState.checkpointMutants],
  ['checkpoints of an append', transaction.appendCheckpointMutants],
  ['checkpoints saved together', keptState.savedTogetherMutants],
  ['work in the transaction', transaction.withinMutants],
  ['appending at once', transaction.syncAppendMutants],
  ['listening', transaction.listenMutants],
  ['opening and closing', streams.lifecycleMutants],
];

/** The titles of the cases that fail: in one group the first of them, else all. */
function failures(mutant: Mutant, only?: string): Promise<string[]> {
  return failingCases((runner) => eventAdapterConformance(runner, { create: async () => mutate(mutant) }), only);
}

describe('the conformance suite of EventAdapter', () => {
  it('is green on a correct adapter', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  describe.each(mutants)('is red, in its cases of %s, on an adapter that', (group, broken) => {
    it.concurrent.each(Object.keys(broken))('%s', async (title) => {
      expect(await failures(broken[title]!, group)).toHaveLength(1);
    });
  });
});
