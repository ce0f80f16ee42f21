import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conflict } from '../../src/conflicts/conflict.ts';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import type { WriteStamp } from '../../src/conflicts/write-stamp.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { runs } from '../invariants/runs.ts';

const conflictOf = (localStamps: WriteStamp) =>
  threeWayMerge({ base: 1, local: 2, remote: 3, localStamps }).conflicts[0]!;
const stored = (conflict: Conflict) => Conflict.fromJSON(JSON.parse(JSON.stringify(conflict)));

const times = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: -2e11, max: 2e11 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const stamps: fc.Arbitrary<WriteStamp> = fc.record(
  { timestamp: times, nodeId: fc.string() },
  { requiredKeys: ['timestamp'] },
);

describe('stamps of writes', () => {
  it.each([
    ['a Date', new Date(7)],
    ['seconds', 0.007],
  ])(
    'of the year 1970, given as %s, are the same after JSON and back, and given to a merge again',
    (_what, timestamp) => {
      const conflict = conflictOf({ timestamp, nodeId: 'n' });
      expect(conflict.localStamp).toEqual({ timestamp: 7, nodeId: 'n' });
      expect(stored(stored(conflict)).localStamp).toEqual({ timestamp: 7, nodeId: 'n' });
      expect(conflictOf(conflict.localStamp!).localStamp).toEqual({ timestamp: 7, nodeId: 'n' });
    },
  );

  it('CF7 are the same after JSON and back, and given to a merge again, whenever it was', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        const conflict = conflictOf(stamp);
        const again = stored(conflict);
        expect(again).toEqual(conflict);
        for (const { localStamp } of [conflict, again]) expect(conflictOf(localStamp!).localStamp).toEqual(localStamp);
      }),
      runs(300),
    );
  });

  it.each([[Number.NaN], ['7'], [undefined], [null], [new Date(Number.NaN)]])(
    'are refused with the time %s',
    (timestamp) => {
      const stamp = { timestamp } as never;
      expect(() => conflictOf(stamp)).toThrow(InvalidArgumentError);
      const json = { ...conflictOf({ timestamp: 7 }).toJSON(), localStamp: stamp };
      expect(() => Conflict.fromJSON(json)).toThrow(
        expect.objectContaining({ argument: 'conflict.localStamp.timestamp' }),
      );
    },
  );
});
