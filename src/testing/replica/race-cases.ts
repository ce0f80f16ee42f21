import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type DefineReplicaCase, expectHeld, put } from './case.ts';

/** Writes at the same time. */
export function raceCases<S>(define: DefineReplicaCase<S>): void {
  for (const [what, before, after] of [
    ['make a record', false, true],
    ['change a record', true, true],
    ['remove a record, and change it', true, false],
  ] as const) {
    define(`of several that ${what} at one version, exactly one takes effect`, async (context) => {
      const { replica, other, id, state } = context;
      for (let round = 0; round < 6; round++) {
        const each = id(`race ${round}`);
        const { version } = before ? await put(replica, each, state(0)) : await replica.read(each);
        const states = [1, 2, 3, 4, 5, 6].map((n) => (n > 3 || after ? state(n) : undefined));
        const outcomes = await Promise.all(
          states.map((next, n) => (n % 2 ? replica : other).write(each, next, { expectedVersion: version })),
        );
        const won = states.filter((_, n) => outcomes[n]!.status === 'written');
        for (const { status } of outcomes) assert.ok(status === 'written' || status === 'conflict', status);
        assert.equal(won.length, 1, `${won.length} of six writes took effect`);
        await expectHeld([replica, other], each, won[0]);
      }
    });
  }

  define('many that read, count up and write lose no count', async ({ replica, other, id, state }) => {
    await put(replica, id('count'), state(0));
    const numberOf = (held: S | undefined) => {
      for (let n = 0; n <= 12; n++) if (isDeepStrictEqual(held, state(n))) return n;
      return assert.fail(`no state that anybody wrote: ${JSON.stringify(held)}`);
    };
    const countUp = async (by: typeof replica) => {
      for (let written = 0; written < 3; ) {
        const { state: held, version } = await by.read(id('count'));
        const outcome = await by.write(id('count'), state(numberOf(held) + 1), { expectedVersion: version });
        if (outcome.status === 'written') written++;
      }
    };
    await Promise.all([replica, other, replica, other].map(countUp));
    await expectHeld([replica, other], id('count'), state(12));
  });

  define('records written at the same time are all kept', async ({ replica, other, id, state }) => {
    const ids = Array.from({ length: 40 }, (_, n) => id(`many ${n}`));
    await Promise.all(ids.map((each, n) => put(n % 2 ? replica : other, each, state(n))));
    for (const [n, each] of ids.entries()) await expectHeld([other, replica], each, state(n));
  });
}
