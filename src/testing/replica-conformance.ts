import { randomUUID } from 'node:crypto';
import type { Replica } from '../sync/replica.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';
import { type DefineReplicaCase, put, Told } from './replica/case.ts';
import { listCases } from './replica/list-cases.ts';
import { raceCases } from './replica/race-cases.ts';
import { recordCases } from './replica/record-cases.ts';
import { watchCases } from './replica/watch-cases.ts';

/** How the suite comes by the replicas it tests. */
export interface ReplicaConformanceOptions<S> {
  /** A new replica. Its storage may hold the records of earlier cases: ids are unique to a case. */
  create(): Promise<Replica<S>>;
  /**
   * Another replica over the storage of this one, as another process would have it. To be left out where the records live
   * in the replica itself.
   */
  reopen?(replica: Replica<S>): Promise<Replica<S>>;
  /** The nth of any number of different states, n from 0: exactly as the replica gives it back. Made anew in each call. */
  state(n: number): S;
  /** Whether the replica can have a record of this id; any other it must refuse. Default: it can have all. */
  isId?(id: string): boolean;
  /**
   * Writes a record, or removes it, as the application does: past the replica. Default: by the other replica.
   *
   * @param replica - Of the storage that is meant.
   */
  edit?(replica: Replica<S>, id: string, state: S | undefined): Promise<void>;
  /** How many records are listed, more than fit in a page. Default 60. */
  readonly listed?: number;
  /** How long a change may take to be told, in ms. Default 10,000. */
  readonly patienceMs?: number;
}

/**
 * The contract of {@link Replica}, as tests for any runner. One without `watch` is spared the cases of watching.
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * replicaConformance({ describe, it }, {
 *   create: async () => new MyReplica(connection),
 *   reopen: async () => new MyReplica(another),
 *   state: (n) => ({ title: `title ${n}`, done: n % 2 === 0 }),
 * });
 * ```
 */
export function replicaConformance<S>(runner: ConformanceRunner, options: ReplicaConformanceOptions<S>): void {
  checkSuite(runner, options);
  const { patienceMs = 10_000, listed = 60, isId = () => true } = options;
  const define: DefineReplicaCase<S> = (title, run) =>
    runner.it(title, async () => {
      const replica = await options.create();
      const other = options.reopen ? await options.reopen(replica) : replica;
      const prefix = `${randomUUID()}-`;
      const watches: Told[] = [];
      const watch = async (by: Replica<S>) => {
        const told = await new Told(patienceMs).begin(by);
        watches.push(told);
        return told;
      };
      const edit = async (id: string, state: S | undefined) => {
        if (options.edit) await options.edit(replica, id, state);
        else await put(other, id, state);
      };
      const state = (n: number) => options.state(n);
      try {
        await run({ replica, other, id: (name) => prefix + name, state, isId, edit, watch });
      } finally {
        for (const told of watches) await told.end();
      }
    });
  const whereWatched: DefineReplicaCase<S> = (title, run) =>
    define(title, async (context) => {
      if (context.replica.watch) await run(context);
    });
  runner.describe('records', () => recordCases(define));
  runner.describe('racing writes', () => raceCases(define));
  runner.describe('lists', () => listCases(define, listed));
  runner.describe('watching', () => watchCases(whereWatched));
}
