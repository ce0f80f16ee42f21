import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/json-value.ts';
import { RecoveryManager } from '../../src/resilience/recovery-manager.ts';
import { SyncCoordinator } from '../../src/sync/sync-coordinator.ts';
import { Crashes } from '../sync/crashing-systems.ts';
import { FaultyJournal, FaultyReplica } from '../sync/faulty-replica.ts';
import { type Edit, EditLedger, edit, recordIds } from './models/edited-records.ts';
import { runs } from './runs.ts';

/** Once: what fails, fails as a crash does. */
const once = new RecoveryManager({
  maxAttempts: 1,
  policies: [{ error: 'RECORD_CHANGED', maxAttempts: 100, backoff: { maxMs: 0 } }],
});

/** A sync that another coordinator overtook is given up. */
const lenient = new RecoveryManager({ maxAttempts: 1 });
const expectOvertaken = ({ cause }: { readonly cause?: unknown }) =>
  expect((cause as { readonly code?: string })?.code).toMatch(/^(RECORD_CHANGED|CONCURRENCY_CONFLICT)$/);

type Method = 'sync' | 'syncSpecToRuntime' | 'syncRuntimeToSpec';
const anyMethod = fc.constantFrom<Method>('sync', 'sync', 'syncSpecToRuntime', 'syncRuntimeToSpec');

/** Two replicas and the journal between them; a coordinator that crashed is followed by another. */
class Pair {
  readonly spec: FaultyReplica;
  readonly runtime: FaultyReplica;
  readonly journal = new FaultyJournal();
  readonly ledger: EditLedger;

  /** @param stamped - Whether it is known who wrote last. */
  constructor(stamped: boolean, replicas: readonly FaultyReplica[] = [], ledger = new EditLedger()) {
    this.spec = replicas[0] ?? new FaultyReplica(stamped ? 'spec' : undefined);
    this.runtime = replicas[1] ?? new FaultyReplica(stamped ? 'runtime' : undefined);
    this.ledger = ledger;
  }

  coordinator(crashes = new Crashes(), recoveryManager = once) {
    for (const part of [this.spec, this.runtime, this.journal]) part.crashes = crashes;
    const { spec, runtime, journal } = this;
    return new SyncCoordinator({ spec, runtime, journal, recoveryManager });
  }

  /** True unless it crashed. */
  async sync(id: string, crashes = new Crashes(), method: Method = 'sync'): Promise<boolean> {
    await using coordinator = this.coordinator(crashes);
    try {
      await coordinator[method](id);
      return true;
    } catch (error) {
      expect((error as Error & { cause?: Error }).cause?.message).toMatch(/^crash /);
      return false;
    } finally {
      this.coordinator(new Crashes());
    }
  }

  edit(side: 'spec' | 'runtime', change: Edit): void {
    const { inner } = this[side];
    inner.set(change.id, this.ledger.apply(inner.get(change.id), change));
  }

  async entry(id: string): Promise<{ base?: { state?: JsonValue }; intent?: JsonValue }> {
    return ((await this.journal.inner.readVersion(`sync:${id}`))?.state ?? {}) as object;
  }

  /** Everything that was ever journaled. */
  async records(): Promise<unknown[]> {
    const all: unknown[] = [];
    for (const id of recordIds) {
      for await (const { state } of this.journal.inner.history(`sync:${id}`)) {
        const {
          conflicts,
          resolutions,
          unfinished = [],
        } = state as { conflicts: unknown; resolutions: unknown; unfinished?: unknown };
        all.push(conflicts, resolutions, unfinished);
      }
    }
    return all;
  }

  async expectInStep(id: string): Promise<void> {
    const { base, intent } = await this.entry(id);
    expect(this.spec.inner.get(id)).toEqual(this.runtime.inner.get(id));
    expect(base?.state).toEqual(this.spec.inner.get(id));
    expect(intent).toBeUndefined();
  }

  async expectNothingLost(): Promise<void> {
    const states = recordIds.map((id) => this.spec.inner.get(id) ?? null);
    expect(this.ledger.lost(states, await this.records())).toEqual({ lost: [], risen: [] });
  }
}

/** Time passes before and after each call, as the scheduler likes. */
class Scheduled extends Crashes {
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler) {
    super();
    this.#scheduler = scheduler;
  }

  override async around<T>(effect: () => T | Promise<T>): Promise<T> {
    await this.#scheduler.schedule(Promise.resolve(), 'to a side or the journal');
    const result = await effect();
    await this.#scheduler.schedule(Promise.resolve(), 'from it');
    return result;
  }
}

const side = fc.constantFrom('spec' as const, 'runtime' as const);
const anyId = fc.constantFrom(...recordIds);
const edits = fc.array(fc.tuple(side, edit), { maxLength: 8 });
const phase = fc.constantFrom('before' as const, 'after' as const);
type CrashPoint = [at?: number, phase?: 'before' | 'after'];

describe('two-way sync', () => {
  it('SY1 after a sync both sides and the base are equal, and every edit is in the state or in a record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(edits, { minLength: 1, maxLength: 4 }), async (stamped, rounds) => {
        const pair = new Pair(stamped);
        for (const round of rounds) {
          for (const [where, change] of round) pair.edit(where, change);
          for (const id of recordIds) {
            await pair.sync(id);
            await pair.expectInStep(id);
          }
          await pair.expectNothingLost();
        }
        // And there is nothing left to do.
        await using coordinator = pair.coordinator();
        for (const { writes } of (await coordinator.syncAll()).results) expect(writes).toEqual([]);
      }),
      runs(300),
    );
  });

  it('SY2 a crash at any step and a re-run give what no crash gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        edits,
        edits,
        fc.array(fc.tuple(fc.nat({ max: 6 }), phase), { minLength: 1, maxLength: 3 }),
        anyMethod,
        async (stamped, first, second, crashes, method) => {
          const [crashed, smooth] = [new Pair(stamped), new Pair(stamped)];
          for (const pair of [crashed, smooth]) {
            for (const [where, change] of first) pair.edit(where, change);
            for (const id of recordIds) await pair.sync(id);
            for (const [where, change] of second) pair.edit(where, change);
          }
          for (const id of recordIds) {
            for (const [at, when] of crashes) await crashed.sync(id, new Crashes(at, when), method);
            for (const pair of [crashed, smooth]) await pair.sync(id, new Crashes(), method);
            if (method === 'sync') await crashed.expectInStep(id);
            for (const side of ['spec', 'runtime'] as const) {
              expect(crashed[side].inner.get(id)).toEqual(smooth[side].inner.get(id));
            }
            expect(await crashed.entry(id)).toEqual(await smooth.entry(id));
          }
        },
      ),
      runs(300),
    );
  });

  it('SY3 an edit made during a sync, crashed or not, is never lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        edits,
        edits,
        fc.array(fc.record({ at: fc.nat({ max: 12 }), where: side, change: edit }), { maxLength: 5 }),
        fc.array(fc.tuple(fc.nat({ max: 12 }), phase), { maxLength: 2 }),
        anyMethod,
        async (stamped, first, second, during, crashPoints, method) => {
          const pair = new Pair(stamped);
          for (const [where, change] of first) pair.edit(where, change);
          for (const id of recordIds) await pair.sync(id);
          for (const [where, change] of second) pair.edit(where, change);
          for (const id of recordIds) {
            for (const crashPoint of [...crashPoints, undefined]) {
              const crashes = new Crashes(...((crashPoint ?? []) as CrashPoint));
              crashes.onCall = (call) => {
                for (const { at, where, change } of during) if (at === call) pair.edit(where, change);
              };
              await pair.sync(id, crashes, method);
            }
          }
          for (const id of recordIds) {
            await pair.sync(id);
            await pair.expectInStep(id);
          }
          await pair.expectNothingLost();
        },
      ),
      runs(300),
    );
  });

  it('SY3 two coordinators that sync one pair at once lose no edit, and both come to an end', async () => {
    const process = fc.array(fc.tuple(anyId, anyMethod), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.boolean(),
        edits,
        fc.tuple(process, process),
        fc.array(fc.tuple(side, edit), { maxLength: 6 }),
        async (scheduler, stamped, first, processes, during) => {
          const pair = new Pair(stamped);
          for (const [where, change] of first) pair.edit(where, change);
          const scheduled = new Scheduled(scheduler);
          const work = processes.map(async (syncs) => {
            await using coordinator = pair.coordinator(scheduled, lenient);
            for (const [id, method] of syncs) await coordinator[method](id).catch(expectOvertaken);
          });
          const edited = during.map(async ([where, change]) => {
            await scheduler.schedule(Promise.resolve(), `${where} ${JSON.stringify(change)}`);
            pair.edit(where, change);
          });
          await scheduler.waitFor(Promise.all([...work, ...edited]));
          for (const id of recordIds) {
            await pair.sync(id);
            await pair.expectInStep(id);
          }
          await pair.expectNothingLost();
        },
      ),
      runs(300),
    );
  });

  it('SY4 a rollback point restores both sides exactly, whatever came after it', async () => {
    await fc.assert(
      fc.asyncProperty(
        edits,
        edits,
        fc.boolean(),
        fc.array(fc.tuple(fc.nat({ max: 12 }), phase), { maxLength: 2 }),
        async (before, after, synced, crashPoints) => {
          const pair = new Pair(false);
          const states = () => recordIds.map((id) => [pair.spec.inner.get(id), pair.runtime.inner.get(id)]);
          for (const [where, change] of before) pair.edit(where, change);
          if (synced) await pair.sync('r1');
          const then = states();
          const entries = await Promise.all(recordIds.map((id) => pair.entry(id)));
          const point = JSON.parse(JSON.stringify(await pair.coordinator().createRollbackPoint()));
          for (const [where, change] of after) pair.edit(where, change);
          for (const id of recordIds) await pair.sync(id);
          for (const crashPoint of crashPoints) {
            await pair
              .coordinator(new Crashes(...crashPoint))
              .restore(point)
              .catch(() => undefined);
          }
          await pair.coordinator().restore(point);
          expect(states()).toEqual(then);
          for (const [index, id] of recordIds.entries()) {
            expect((await pair.entry(id)).base?.state).toEqual(entries[index]!.base?.state);
          }
        },
      ),
      runs(300),
    );
  });

  it('SY3 keeps a removal as dropped that may have known what a crashed sync wrote, although the state is the same', async () => {
    const pair = new Pair(false);
    const item = (name: string) => ({ kind: 'item', id: 'r1', item: name }) as const;
    pair.edit('spec', item('i1'));
    await pair.sync('r1', new Crashes(4, 'after')); // the runtime has it, and nobody knows
    pair.edit('runtime', { kind: 'remove', id: 'r1' });
    pair.edit('spec', item('i2'));
    await using coordinator = pair.coordinator();
    const { state, resolutions } = await coordinator.sync('r1');
    expect(state).toMatchObject({ items: [{ id: 'i1' }, { id: 'i2' }] });
    expect(resolutions).toMatchObject([{ dropped: [{ side: 'remote', value: undefined }] }]);
    await pair.expectNothingLost();
  });

  it.each([0, 1])('SY3 keeps a doubt about the base through crashes: %d before it wrote anything', async (before) => {
    const pair = new Pair(false);
    const item = (name: string) => ({ kind: 'item', id: 'r1', item: name }) as const;
    pair.edit('runtime', item('i1'));
    await pair.sync('r1', new Crashes(4, 'after')); // the spec has it, and nobody knows
    pair.edit('spec', item('i3'));
    for (let crash = 0; crash < before; crash++) await pair.sync('r1', new Crashes(3, 'after'));
    const crashes = new Crashes(5, 'after');
    crashes.onCall = (call) => call === 3 && pair.edit('runtime', { kind: 'remove', id: 'r1' });
    await pair.sync('r1', crashes);
    await pair.sync('r1');
    await pair.expectInStep('r1');
    await pair.expectNothingLost();
  });

  it('SY1 SY2 SY3 replicas that edit, sync in pairs and crash at random end equal, and no edit is lost', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), replica: fc.nat(), change: edit }) },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('sync' as const), pair: fc.nat(), id: fc.constantFrom(...recordIds) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('crash' as const),
          pair: fc.nat(),
          id: fc.constantFrom(...recordIds),
          at: fc.nat({ max: 9 }),
          when: phase,
          meanwhile: fc.array(fc.record({ at: fc.nat({ max: 9 }), replica: fc.nat(), change: edit }), { maxLength: 2 }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.nat(), { minLength: 2, maxLength: 4 }),
        fc.array(step, { maxLength: 40, size: 'max' }),
        async (stamped, parents, steps) => {
          const ledger = new EditLedger();
          const newReplica = (at: number) => new FaultyReplica(stamped ? `node ${at}` : undefined);
          const replicas = [newReplica(0)];
          // A tree: each but the first is paired with one before it.
          const pairs = parents.map((parent) => {
            const replica = newReplica(replicas.length);
            const pair = new Pair(stamped, [replicas[parent % replicas.length]!, replica], ledger);
            replicas.push(replica);
            return pair;
          });
          const makeEdit = (replica: number, change: Edit) => {
            const { inner } = replicas[replica % replicas.length]!;
            inner.set(change.id, ledger.apply(inner.get(change.id), change));
          };
          for (const each of steps) {
            if (each.kind === 'edit') makeEdit(each.replica, each.change);
            else if (each.kind === 'sync') await pairs[each.pair % pairs.length]!.sync(each.id);
            else {
              const crashes = new Crashes(each.at, each.when);
              crashes.onCall = (call) => {
                for (const { at, replica, change } of each.meanwhile) if (at === call) makeEdit(replica, change);
              };
              await pairs[each.pair % pairs.length]!.sync(each.id, crashes);
            }
          }
          // Everything reaches everyone within as many rounds as the tree is deep, there and back.
          for (let round = 0; round < 2 * replicas.length; round++) {
            for (const pair of pairs) for (const id of recordIds) await pair.sync(id);
          }
          const states = replicas.map(({ inner }) => recordIds.map((id) => inner.get(id) ?? null));
          for (const state of states) expect(state).toEqual(states[0]);
          const records = await Promise.all(pairs.map((pair) => pair.records()));
          expect(ledger.lost(states[0], records)).toEqual({ lost: [], risen: [] });
        },
      ),
      runs(100),
    );
  });
});
