import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { type Gate, type GateReading, gate, measureGates } from '../../src/migration/gate.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const measure = async (each: Gate) => {
  const [verdict] = await measureGates([each], { clock: new FakeClock(), signal: new AbortController().signal });
  return verdict!;
};

describe('gate', () => {
  test.each<[string, Gate, string, string]>([
    ['at the upper bound', gate.atMost('g', 2, () => 2), 'passed', '2 is within at most 2'],
    ['above it', gate.atMost('g', 2, () => 2.1), 'failed', '2.1 is above 2'],
    ['at the lower bound', gate.atLeast('g', 2, async () => 2), 'passed', '2 is within at least 2'],
    ['below it', gate.atLeast('g', 2, () => 1), 'failed', '1 is below 2'],
    [
      'between two bounds',
      { name: 'g', min: 1, max: 3, measure: () => 2 },
      'passed',
      '2 is within at least 1 and at most 3',
    ],
    [
      'enough samples',
      gate.atMost('g', 2, () => ({ value: 1, samples: 9 }), { minimumSamples: 9 }),
      'passed',
      '1 is within at most 2',
    ],
  ])('a figure %s', async (_, each, outcome, reason) => {
    expect(await measure(each)).toMatchObject({ gate: 'g', outcome, reason });
  });

  test.each<[string, GateReading]>([
    ['no data', null],
    ['NaN', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['undefined', undefined as never],
    ['text', '1' as never],
  ])('MR2 %s is not passed, whatever the bound', async (_, reading) => {
    expect(await measure(gate.atMost('g', 1e9, () => reading))).toMatchObject({
      outcome: 'unmeasured',
      value: null,
      reason: 'there is no figure',
    });
    expect(await measure(gate.atLeast('g', -1e9, () => reading))).toMatchObject({ outcome: 'unmeasured', value: null });
  });

  test('MR2 too few samples are not passed, and a bare number says nothing of samples', async () => {
    const few = gate.atMost('g', 2, () => ({ value: 1, samples: 8 }), { minimumSamples: 9 });
    expect(await measure(few)).toMatchObject({
      outcome: 'unmeasured',
      value: 1,
      samples: 8,
      reason: '8 samples, at least 9 are asked for',
    });
    expect(await measure(gate.atMost('g', 2, () => 1, { minimumSamples: 1 }))).toMatchObject({
      outcome: 'unmeasured',
      samples: null,
    });
  });

  test('MR2 a measurement that throws or hangs is not passed, and the verdict says why', async () => {
    const throwing = gate.atMost('g', 2, () => {
      throw new Error('no route');
    });
    expect(await measure(throwing)).toMatchObject({
      outcome: 'unmeasured',
      reason: 'the measurement failed: no route',
    });
    const clock = new FakeClock();
    const hanging = gate.atMost('g', 2, () => new Promise<number>(() => {}), { timeoutMs: 50 });
    const verdicts = measureGates([hanging], { clock, signal: new AbortController().signal });
    await clock.advance(50);
    expect((await verdicts)[0]).toMatchObject({
      outcome: 'unmeasured',
      reason: 'the measurement failed: gate "g" did not finish within 50 ms',
    });
    expect(clock.pending).toBe(0);
  });

  test('an aborted signal ends a measurement with its reason', async () => {
    const controller = new AbortController();
    const verdicts = measureGates([gate.atMost('g', 2, () => new Promise<number>(() => {}))], {
      clock: new FakeClock(),
      signal: controller.signal,
    });
    controller.abort(new Error('enough'));
    await expect(verdicts).rejects.toThrow('enough');
  });

  test('a gate that could pass anything is refused', () => {
    expect(() => gate.atMost('', 1, () => 1)).toThrow(InvalidArgumentError);
    expect(() => gate.atMost('g', Number.NaN, () => 1)).toThrow(/gate "g": max: expected a finite number/);
    expect(() => gate.atLeast('g', '1' as never, () => 1)).toThrow(InvalidArgumentError);
    expect(() => gate.atLeast('g', 1, 7 as never)).toThrow(/measure: expected a function/);
    expect(() => gate.atLeast('g', 1, () => 1, { minimumSamples: Number.NaN })).toThrow(InvalidArgumentError);
  });
});
