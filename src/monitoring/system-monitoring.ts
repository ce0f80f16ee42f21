import { checkMethods, checkObject } from '../core/check-argument.ts';
import type { AlertManager } from './alert-manager.ts';
import type { Health, HealthSource, HealthSummary } from './health-source.ts';
import type { MetricsCollector } from './metrics-collector.ts';

/** The parts that {@link SystemMonitoring} joins. */
export interface SystemMonitoringOptions<S extends HealthSummary = HealthSummary> {
  readonly metricsCollector: MetricsCollector;
  readonly alertManager: AlertManager;
  readonly healthChecker: HealthSource<S>;
}

const figure: Record<Health, number> = { healthy: 1, degraded: 0.5, unhealthy: 0 };

/** Joins health, alerts and metrics: what a look at the components finds is alerted and measured. */
export class SystemMonitoring<S extends HealthSummary = HealthSummary> {
  readonly #metrics: MetricsCollector;
  readonly #alerts: AlertManager;
  readonly #health: HealthSource<S>;

  constructor(options: SystemMonitoringOptions<S>) {
    checkObject(options);
    checkMethods(options.metricsCollector, 'options.metricsCollector', 'a MetricsCollector', 'gauge');
    checkMethods(options.alertManager, 'options.alertManager', 'an AlertManager', 'raise', 'resolve');
    checkMethods(options.healthChecker, 'options.healthChecker', 'a HealthSource', 'check');
    this.#metrics = options.metricsCollector;
    this.#alerts = options.alertManager;
    this.#health = options.healthChecker;
  }

  /**
   * Looks at every component. Raises the alert `health:<component>` for each that is not healthy and resolves it once it
   * is; sets the gauges `health` (1 healthy, 0.5 degraded, 0 unhealthy) and `alerts_active`.
   */
  async health(options: { readonly signal?: AbortSignal } = {}): Promise<S> {
    const summary = await this.#health.check(options);
    for (const [component, { status, detail }] of Object.entries(summary.components)) {
      const key = `health:${component}`;
      if (status === 'healthy') this.#alerts.resolve(key);
      else {
        const severity = status === 'unhealthy' ? 'critical' : 'warning';
        this.#alerts.raise({ key, severity, message: `${component} is ${status}${detail ? `: ${detail}` : ''}` });
      }
      this.#metrics.gauge('health', figure[status], { component });
    }
    this.#metrics.gauge('health', figure[summary.status], { component: 'all' });
    this.#metrics.gauge('alerts_active', this.#alerts.active.length);
    return summary;
  }

  /** Everything measured, in the collector's format, after a fresh look at the components. */
  async metrics(options: { readonly signal?: AbortSignal } = {}): Promise<string> {
    await this.health(options);
    return this.#metrics.render();
  }

  /** Waits until the alert channels have heard everything. */
  async close(): Promise<void> {
    await this.#alerts.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
