import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { PerformanceMetricsCollector } from '../../src/monitoring/performance-metrics-collector.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from '../invariants/runs.ts';

describe('PerformanceMetricsCollector', () => {
  it('agrees with a plain count over the latest operations, whatever was recorded', () => {
    const operation = fc.record({ durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }), success: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 300 }),
        fc.integer({ min: 1, max: 200 }),
        (operations, windowSize) => {
          const metrics = new PerformanceMetricsCollector({ windowSize, thresholds: { read: 1000 } });
          for (const { durationMs, success } of operations) metrics.recordOperation('read', durationMs, success);
          const report = metrics.getPerformanceReport('read');
          const latest = operations.slice(-windowSize);
          const sorted = latest.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
          expect(report.totalOperations).toBe(operations.length);
          expect(report.sampleSize).toBe(latest.length);
          expect(report.slowOperations).toBe(sorted.filter((duration) => duration > 1000).length);
          if (latest.length === 0) return;
          expect(report.successRate).toBe(latest.filter(({ success }) => success).length / latest.length);
          expect(report.minDuration).toBe(sorted[0]);
          expect(report.maxDuration).toBe(sorted.at(-1));
          const atMost = (bound: number) => sorted.filter((duration) => duration <= bound).length / sorted.length;
          for (const [percent, value] of [
            [0.5, report.p50Duration],
            [0.95, report.p95Duration],
            [0.99, report.p99Duration],
          ] as const) {
            expect(sorted).toContain(value);
            expect(atMost(value)).toBeGreaterThanOrEqual(percent);
          }
        },
      ),
      runs(200),
    );
  });

  it('reports an operation nobody recorded as unknown, without NaN', () => {
    const report = new PerformanceMetricsCollector().getPerformanceReport('__proto__');
    expect(report).toMatchObject({ totalOperations: 0, sampleSize: 0, averageDuration: 0, p99Duration: 0 });
  });

  it('measures work by the clock and passes its outcome on', async () => {
    const clock = new FakeClock();
    const metrics = new PerformanceMetricsCollector({ clock });
    const result = metrics.measure('read', () => new Promise((resolve) => clock.schedule(() => resolve(7), 30)));
    await clock.advance(30);
    expect(await result).toBe(7);
    await expect(metrics.measure('read', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(metrics.getPerformanceReport('read')).toMatchObject({ sampleSize: 2, successRate: 0.5, maxDuration: 30 });
  });

  it('refuses durations that are none', () => {
    const metrics = new PerformanceMetricsCollector();
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => metrics.recordOperation('read', bad, true)).toThrow(InvalidArgumentError);
    }
    expect(metrics.operations).toEqual([]);
  });
});
