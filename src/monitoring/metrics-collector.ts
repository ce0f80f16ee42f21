/** Labels of one measured series. */
export type MetricLabels = Readonly<Record<string, string>>;

/** Where measured values go. Implemented by `PrometheusCollector`; StatsD, OpenTelemetry and others fit it too. */
export interface MetricsCollector {
  /** Adds to a value that only grows. */
  increment(name: string, by?: number, labels?: MetricLabels): void;
  /** Sets a value that goes up and down. */
  gauge(name: string, value: number, labels?: MetricLabels): void;
  /** Records one value of a distribution, durations in ms. */
  observe(name: string, value: number, labels?: MetricLabels): void;
  /** All of it as text, in the collector's own format. */
  render(): string | Promise<string>;
}
