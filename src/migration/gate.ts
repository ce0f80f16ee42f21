import { withTimeout } from '../core/abort.ts';
import { checkFunction } from '../core/check-argument.ts';
import type { Clock } from '../core/clock.ts';
import { InvalidArgumentError, messageOf } from '../core/errors.ts';

/** A figure taken from the live system, and how many observations it rests on where that matters. */
export interface GateMeasurement {
  readonly value: number;
  readonly samples?: number;
}

/** What a measurement may give; `null` says that there is no data yet. */
export type GateReading = number | GateMeasurement | null;

/** What a gate asks for besides its bound. */
export interface GateOptions {
  /** Fewer samples than this count as no data. Default: samples are not asked for. */
  readonly minimumSamples?: number;
  /** A measurement that takes longer counts as no data. Default 10,000 ms. */
  readonly timeoutMs?: number;
}

/** A bound on a live figure. Build one with {@link gate}. */
export interface Gate extends GateOptions {
  readonly name: string;
  /** The figure now. */
  measure(signal: AbortSignal): GateReading | Promise<GateReading>;
  /** The largest value that passes. */
  readonly max?: number;
  /** The smallest value that passes. */
  readonly min?: number;
}

/**
 * What a gate said at one moment, as the journal keeps it.
 *
 * Only `'passed'` lets a migration go on. `'unmeasured'` means no figure, an invalid one, or too few samples.
 */
export interface GateVerdict {
  readonly gate: string;
  readonly outcome: 'passed' | 'failed' | 'unmeasured';
  readonly value: number | null;
  readonly samples: number | null;
  readonly max: number | null;
  readonly min: number | null;
  /** The verdict in words. */
  readonly reason: string;
}

type Measure = Gate['measure'];

/**
 * Makes gates. Without a figure a gate is not passed, whatever its bound (MR2).
 *
 * @example
 * ```ts
 * gate.atMost('error rate, percent', 0.1, () => ({ value: errors.percent, samples: errors.total }), { minimumSamples: 200 });
 * ```
 */
export const gate = Object.freeze({
  /** Passes while the figure is at most `max`. @throws {@link InvalidArgumentError} if the bound or an option is no number. */
  atMost(name: string, max: number, measure: Measure, options: GateOptions = {}): Gate {
    return frozenGate({ ...options, name, measure, max });
  },
  /** Passes while the figure is at least `min`. @throws {@link InvalidArgumentError} if the bound or an option is no number. */
  atLeast(name: string, min: number, measure: Measure, options: GateOptions = {}): Gate {
    return frozenGate({ ...options, name, measure, min });
  },
});

function frozenGate(gate: Gate): Gate {
  assertGate(gate);
  return Object.freeze(gate);
}

/** @throws {@link InvalidArgumentError} if the gate is not sound: one without a bound would pass anything. */
export function assertGate(gate: Gate): void {
  if (typeof gate.name !== 'string' || gate.name === '')
    throw new InvalidArgumentError('gate.name', 'a name', gate.name);
  const what = `gate "${gate.name}"`;
  checkFunction(gate.measure, `${what}: measure`);
  if (gate.max === undefined && gate.min === undefined)
    throw new InvalidArgumentError(what, 'max, min or both', undefined);
  for (const bound of ['max', 'min', 'minimumSamples', 'timeoutMs'] as const) {
    const value = gate[bound];
    if (value !== undefined && !Number.isFinite(value))
      throw new InvalidArgumentError(`${what}: ${bound}`, 'a finite number', value);
  }
}

/** Measures every gate at once. Rejects only when `signal` aborts; a measurement that fails is a verdict. */
export function measureGates(
  gates: readonly Gate[],
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<GateVerdict[]> {
  return Promise.all(gates.map((each) => measureGate(each, options)));
}

async function measureGate(gate: Gate, options: { clock: Clock; signal: AbortSignal }): Promise<GateVerdict> {
  const { name, max = null, min = null, minimumSamples, timeoutMs = 10_000 } = gate;
  const verdict = (outcome: GateVerdict['outcome'], value: number | null, samples: number | null, reason: string) =>
    Object.freeze({ gate: name, outcome, value, samples, max, min, reason });
  let reading: GateReading;
  try {
    reading = await withTimeout(`gate "${name}"`, timeoutMs, async (signal) => gate.measure(signal), options);
  } catch (error) {
    options.signal.throwIfAborted();
    return verdict('unmeasured', null, null, `the measurement failed: ${messageOf(error)}`);
  }
  const { value, samples = null } = typeof reading === 'object' && reading !== null ? reading : { value: reading };
  if (typeof value !== 'number' || !Number.isFinite(value))
    return verdict('unmeasured', null, samples, 'there is no figure');
  if (minimumSamples !== undefined && !(samples !== null && samples >= minimumSamples)) {
    return verdict(
      'unmeasured',
      value,
      samples,
      `${samples ?? 'an unknown number of'} samples, at least ${minimumSamples} are asked for`,
    );
  }
  if (max !== null && value > max) return verdict('failed', value, samples, `${value} is above ${max}`);
  if (min !== null && value < min) return verdict('failed', value, samples, `${value} is below ${min}`);
  return verdict('passed', value, samples, `${value} is within ${bounds(min, max)}`);
}

function bounds(min: number | null, max: number | null): string {
  return [...(min === null ? [] : [`at least ${min}`]), ...(max === null ? [] : [`at most ${max}`])].join(' and ');
}
