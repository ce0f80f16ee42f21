import { PerformanceMetricsCollector, type RoutedRequest, type ShadowOutcome } from '@zyflow/migration';
import type { OperationRecord } from '../load/load-generator.ts';
import { SaveLatency } from '../load/save-latency.ts';
import type { Request } from '../next/routed-system.ts';
import type { CanaryPoint, ThroughputPoint } from '../report/migration-report.ts';

const windowMs = 250;

/** What was counted while people work. */
export interface LoadTotals {
  requests: number;
  errorsOfNew: number;
  requestsOfNew: number;
  errorsOfLegacy: number;
  compared: number;
  mismatches: number;
}

const noTotals: LoadTotals = {
  requests: 0,
  errorsOfNew: 0,
  requestsOfNew: 0,
  errorsOfLegacy: 0,
  compared: 0,
  mismatches: 0,
};

/** What is measured while people work: for the gates now, for the report later. */
export class LiveFigures {
  readonly saves = new SaveLatency();
  /** Whether the new system has everything that was there before it: from then on saves are timed. */
  isComplete = false;
  readonly metrics = new PerformanceMetricsCollector({ windowSize: 5000 });
  readonly readMs: Record<'legacy' | 'new', number[]> = { legacy: [], new: [] };
  readonly throughput: ThroughputPoint[] = [];
  readonly canary: CanaryPoint[] = [];
  /** Of the whole run, what was counted before an interruption included. */
  readonly totals: LoadTotals;
  readonly #sinceStart: () => number;
  readonly #percent: () => number;
  #window = { atMs: 0, reads: 0, writes: 0 };
  #point = { atMs: 0, requests: 0, errors: 0, mismatches: 0 };

  constructor(sinceStart: () => number, percent: () => number, earlier: LoadTotals = noTotals) {
    this.totals = { ...earlier };
    this.#sinceStart = sinceStart;
    this.#percent = percent;
  }

  onRouted = ({ request, target, durationMs, error }: RoutedRequest<Request>): void => {
    this.metrics.recordOperation(target, durationMs, error === undefined);
    this.totals.requests++;
    if (target === 'new') this.totals.requestsOfNew++;
    if (error !== undefined) this.totals[target === 'new' ? 'errorsOfNew' : 'errorsOfLegacy']++;
    if (request.kind === 'read' && error === undefined) this.readMs[target].push(durationMs);
    this.#count({ requests: 1, errors: error === undefined || target === 'legacy' ? 0 : 1 });
  };

  onShadow = ({ kind }: ShadowOutcome<Request, unknown>): void => {
    if (kind === 'skipped') return;
    this.totals.compared++;
    const differs = kind !== 'match';
    if (differs) this.totals.mismatches++;
    this.metrics.recordOperation('shadow', 0, !differs);
    if (differs) this.#count({ mismatches: 1 });
  };

  onOperation = ({ kind }: OperationRecord): void => {
    const now = this.#sinceStart();
    if (now - this.#window.atMs > windowMs) {
      const { atMs, reads, writes } = this.#window;
      if (reads + writes > 0) this.throughput.push({ atMs, durationMs: windowMs, reads, writes });
      this.#window = { atMs: now - (now % windowMs), reads: 0, writes: 0 };
    }
    this.#window[kind === 'read' ? 'reads' : 'writes']++;
  };

  #count({ requests = 0, errors = 0, mismatches = 0 }): void {
    const percent = this.#percent();
    const now = this.#sinceStart();
    const last = this.canary.at(-1);
    if (percent === 0 && !last) return;
    if (now - this.#point.atMs > windowMs || last?.percent !== percent) {
      this.#point = { atMs: now, requests: 0, errors: 0, mismatches: 0 };
      this.canary.push({ ...this.#point, percent });
    }
    this.#point.requests += requests;
    this.#point.errors += errors;
    this.#point.mismatches += mismatches;
    this.canary[this.canary.length - 1] = { ...this.#point, percent };
  }
}
