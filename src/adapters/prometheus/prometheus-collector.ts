import { checkObject } from '../../core/check-argument.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import type { MetricLabels, MetricsCollector } from '../../monitoring/metrics-collector.ts';

/** Options of a {@link PrometheusCollector}. */
export interface PrometheusCollectorOptions {
  /** Put before every name. Default `'migration_'`. */
  readonly prefix?: string;
  /** Upper bounds of the histograms' buckets, rising. Default: 1 ms to 10 s. */
  readonly buckets?: readonly number[];
  /** What a metric means, by its name without the prefix: its HELP line. */
  readonly help?: Readonly<Record<string, string>>;
}

type Family =
  | { readonly type: 'counter' | 'gauge'; readonly series: Map<string, number> }
  | { readonly type: 'histogram'; readonly series: Map<string, Histogram> };

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

const defaultBuckets = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/**
 * Counters, gauges and histograms in Prometheus' text format (version 0.0.4), to be served by the caller's own server.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export class PrometheusCollector implements MetricsCollector {
  /** The `Content-Type` to serve {@link render} with. */
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #prefix: string;
  readonly #buckets: readonly number[];
  readonly #help: Readonly<Record<string, string>>;
  readonly #families = new Map<string, Family>();

  /** @throws {@link InvalidArgumentError} for a bad prefix or buckets that do not rise. */
  constructor(options: PrometheusCollectorOptions = {}) {
    checkObject(options);
    this.#prefix = options.prefix ?? 'migration_';
    this.#buckets = [...(options.buckets ?? defaultBuckets)];
    this.#help = options.help ?? {};
    if (!/^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(this.#prefix)) {
      throw new InvalidArgumentError('prefix', 'letters, digits, _ and : that begin with no digit', this.#prefix);
    }
    if (!this.#buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > this.#buckets[i - 1]!))) {
      throw new InvalidArgumentError('buckets', 'finite bounds that rise', this.#buckets.join(', '));
    }
  }

  /** @throws {@link InvalidArgumentError} for a bad name or label, a name of another type, or a negative number. */
  increment(name: string, by = 1, labels: MetricLabels = {}): void {
    if (!(by >= 0)) throw new InvalidArgumentError('by', 'a number from 0 up', by);
    const series = this.#numbers(name, 'counter');
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + by);
  }

  /** @throws {@link InvalidArgumentError} for a bad name or label, or a name of another type. */
  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    this.#numbers(name, 'gauge').set(labelText(labels), value);
  }

  /** @throws {@link InvalidArgumentError} for a bad name or label, a name of another type, or NaN. */
  observe(name: string, value: number, labels: MetricLabels = {}): void {
    if (Number.isNaN(value)) throw new InvalidArgumentError('value', 'a number', value);
    if (Object.hasOwn(labels, 'le')) throw new InvalidArgumentError('labels', 'no label "le" on a histogram', labels);
    const family = this.#family(name, 'histogram');
    const key = labelText(labels);
    let histogram = family.series.get(key);
    if (!histogram) {
      histogram = { counts: this.#buckets.map(() => 0), sum: 0, count: 0 };
      family.series.set(key, histogram);
    }
    const bucket = this.#buckets.findIndex((bound) => value <= bound);
    if (bucket >= 0) histogram.counts[bucket]!++;
    histogram.sum += value;
    histogram.count++;
  }

  render(): string {
    const lines: string[] = [];
    for (const [name, family] of this.#families) {
      const full = this.#prefix + name;
      const help = Object.hasOwn(this.#help, name) ? this.#help[name] : undefined;
      if (help !== undefined) lines.push(`# HELP ${full} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
      lines.push(`# TYPE ${full} ${family.type}`);
      if (family.type === 'histogram') {
        for (const [labels, histogram] of family.series) lines.push(...this.#histogramLines(full, labels, histogram));
      } else {
        for (const [labels, value] of family.series) lines.push(`${full}${braced(labels)} ${number(value)}`);
      }
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  #histogramLines(name: string, labels: string, histogram: Histogram): string[] {
    let below = 0;
    const bucket = (bound: string, count: number) =>
      `${name}_bucket${braced(labels === '' ? `le="${bound}"` : `${labels},le="${bound}"`)} ${count}`;
    return [
      ...this.#buckets.map((bound, i) => {
        below += histogram.counts[i]!;
        return bucket(number(bound), below);
      }),
      bucket('+Inf', histogram.count),
      `${name}_sum${braced(labels)} ${number(histogram.sum)}`,
      `${name}_count${braced(labels)} ${histogram.count}`,
    ];
  }

  #numbers(name: string, type: 'counter' | 'gauge'): Map<string, number> {
    return this.#family(name, type).series;
  }

  #family<T extends Family['type']>(name: string, type: T): Extract<Family, { type: T }> {
    let family = this.#families.get(name);
    if (!family) {
      if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(this.#prefix + name)) {
        throw new InvalidArgumentError('name', 'letters, digits, _ and : that begin with no digit', name);
      }
      family = type === 'histogram' ? { type: 'histogram', series: new Map() } : { type, series: new Map() };
      this.#families.set(name, family);
    }
    if (family.type !== type)
      throw new InvalidArgumentError('name', `the name of a ${type}`, `${name}, a ${family.type}`);
    return family as Extract<Family, { type: T }>;
  }
}

/** The labels as they stand between the braces, in order of their names, so that one set is one series. */
function labelText(labels: MetricLabels): string {
  return Object.keys(labels)
    .sort()
    .map((name) => {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
        throw new InvalidArgumentError('labels', 'names of letters, digits and _ that begin with no digit', name);
      }
      const value = String(labels[name]).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      return `${name}="${value}"`;
    })
    .join(',');
}

const braced = (labels: string) => (labels === '' ? '' : `{${labels}}`);

function number(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
