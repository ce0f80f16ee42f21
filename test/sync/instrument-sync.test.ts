import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { instrumentSync } from '../../src/sync/instrument-sync.ts';
import { runs } from '../invariants/runs.ts';

/** Calls a function and says how it ended and whether that was at once. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  let returned: unknown;
  try {
    returned = call();
  } catch (error) {
    return { threw: error };
  }
  if (!(returned instanceof Promise)) return { returned };
  return returned.then(
    (resolved: unknown) => ({ resolved }),
    (rejected: unknown) => ({ rejected }),
  );
}

describe('instrumentSync', () => {
  it('gives callers what the function gives, whatever its listeners do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('returned', 'threw', 'resolved', 'rejected'),
        fc.anything(),
        fc.array(fc.anything(), { maxLength: 3 }),
        fc.boolean(),
        async (way, value, args, listenerThrows) => {
          fc.pre(!(value !== null && typeof value === 'object' && 'then' in value));
          const calls: unknown[] = [];
          const owner = { name: 'owner' };
          function legacy(this: unknown, ...given: unknown[]): unknown {
            calls.push([this, given]);
            if (way === 'threw') throw value;
            if (way === 'returned') return value;
            return way === 'resolved' ? Promise.resolve(value) : Promise.reject(value);
          }
          const failures: unknown[] = [];
          const { sync, emitter } = instrumentSync(legacy, { onError: (error) => failures.push(error) });
          const told: unknown[] = [];
          for (const event of ['sync', 'sync:error'] as const) {
            emitter.on(event, () => {
              if (listenerThrows) throw new Error('listener');
            });
            emitter.on(event, (outcome: unknown, given) => told.push([event, outcome, given]));
          }
          expect(await outcomeOf(() => sync.apply(owner, args))).toEqual({ [way]: value });
          expect(calls).toEqual([[owner, args]]);
          expect((calls[0] as unknown[])[0]).toBe(owner);
          const event = way === 'threw' || way === 'rejected' ? 'sync:error' : 'sync';
          expect(told).toEqual([[event, value, args]]);
          expect(failures).toEqual(listenerThrows ? [new Error('listener')] : []);
        },
      ),
      runs(200),
    );
  });

  it('keeps the signature, name, length and properties', async () => {
    async function syncChange(changeId: string, size = 1): Promise<{ changeId: string; size: number }> {
      return { changeId, size };
    }
    syncChange.version = 7;
    const { sync, emitter } = instrumentSync(syncChange);
    expectTypeOf(sync).toEqualTypeOf(syncChange);
    emitter.on('sync', (result, args) => {
      expectTypeOf(result).toEqualTypeOf<{ changeId: string; size: number }>();
      expectTypeOf(args).toEqualTypeOf<[changeId: string, size?: number]>();
    });
    expect([sync.name, sync.length, sync.version]).toEqual(['syncChange', 1, 7]);
    expect(await sync('c1')).toEqual({ changeId: 'c1', size: 1 });
  });

  it('tells nobody after off', () => {
    const { sync, emitter } = instrumentSync(() => 1);
    const told: number[] = [];
    const listener = (result: number) => void told.push(result);
    emitter.on('sync', listener);
    sync();
    emitter.off('sync', listener);
    sync();
    expect(told).toEqual([1]);
  });
});
