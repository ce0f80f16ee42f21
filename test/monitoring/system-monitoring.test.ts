import { expect, it } from 'vitest';
import { PrometheusCollector } from '../../src/adapters/prometheus/prometheus-collector.ts';
import { AlertManager } from '../../src/monitoring/alert-manager.ts';
import type { HealthSummary } from '../../src/monitoring/health-source.ts';
import { SystemMonitoring } from '../../src/monitoring/system-monitoring.ts';

it('SystemMonitoring alerts and measures what a look at the components finds', async () => {
  let found: HealthSummary = { status: 'unhealthy', components: { database: { status: 'unhealthy', detail: 'gone' } } };
  const alertManager = new AlertManager();
  const monitoring = new SystemMonitoring({
    metricsCollector: new PrometheusCollector({ prefix: '' }),
    alertManager,
    healthChecker: { check: async () => found },
  });
  expect(await monitoring.health()).toBe(found);
  expect(alertManager.active).toMatchObject([
    { key: 'health:database', severity: 'critical', message: 'database is unhealthy: gone' },
  ]);
  expect(await monitoring.metrics()).toContain('health{component="database"} 0\n');
  expect(await monitoring.metrics()).toContain('alerts_active 1\n');

  found = { status: 'healthy', components: { database: { status: 'healthy' } } };
  expect(await monitoring.metrics()).toContain('health{component="all"} 1\n');
  expect(alertManager.active).toEqual([]);
  await monitoring.close();
});
