import { describe, expect, it } from 'vitest';
import { AlertManager } from '../../src/monitoring/alert-manager.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

describe('AlertManager', () => {
  it('tells a channel once when a condition begins, worsens and ends', async () => {
    const heard: string[] = [];
    const clock = new FakeClock(100);
    const alerts = new AlertManager({
      clock,
      channels: [{ notify: (alert, event) => void heard.push(`${event} ${alert.severity}`) }],
    });
    alerts.raise({ key: 'latency', severity: 'warning', message: 'p95 is 120 ms' });
    await clock.advance(50);
    alerts.raise({ key: 'latency', severity: 'warning', message: 'p95 is 130 ms' });
    alerts.raise({ key: 'latency', severity: 'critical', message: 'p95 is 900 ms' });
    expect(alerts.active).toEqual([{ key: 'latency', severity: 'critical', message: 'p95 is 900 ms', since: 100 }]);
    expect(alerts.resolve('latency')).toBe(true);
    expect(alerts.resolve('latency')).toBe(false);
    await alerts.flush();
    expect(heard).toEqual(['raised warning', 'raised critical', 'resolved critical']);
    expect(alerts.active).toEqual([]);
  });

  it('reports a failing channel and still tells the others', async () => {
    const errors: unknown[] = [];
    const heard: string[] = [];
    const alerts = new AlertManager({
      onError: (error) => errors.push(error),
      channels: [
        {
          notify() {
            throw new Error('pager is down');
          },
        },
        { notify: async (alert) => void heard.push(alert.key) },
      ],
    });
    alerts.raise({ key: 'a', severity: 'info', message: '' });
    await alerts.close();
    expect(heard).toEqual(['a']);
    expect(errors).toEqual([new Error('pager is down')]);
  });
});
