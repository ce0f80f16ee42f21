import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, TimeoutError } from '../../src/core/errors.ts';
import { type ComponentHealth, HealthChecker, type HealthStatus } from '../../src/resilience/health-checker.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** A database that answers when it is told to, as a pool's `query` does. */
class Pool {
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  query(_: string): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  get asked(): number {
    return this.#waiting.length;
  }

  answer(): void {
    this.#waiting.shift()!.resolve();
  }

  refuse(reason: string): void {
    this.#waiting.shift()!.reject(new Error(reason));
  }
}

function setUp() {
  const clock = new FakeClock();
  const health = new HealthChecker({ timeoutMs: 2000, clock });
  const pool = new Pool();
  const signals: AbortSignal[] = [];
  health.register('database', async (signal) => {
    signals.push(signal);
    await pool.query('select 1');
    return { status: 'healthy' };
  });
  return { clock, health, pool, signals };
}

const says = (status: HealthStatus, detail?: string) => async (): Promise<ComponentHealth> => ({ status, detail });

describe('HealthChecker', () => {
  it('asks a component how it is, each time that somebody wants to know', async () => {
    const { clock, health, pool, signals } = setUp();
    expect(pool.asked).toBe(0);
    const first = health.check();
    pool.answer();
    expect(await first).toEqual({ status: 'healthy', components: { database: { status: 'healthy' } } });
    const second = health.check();
    pool.refuse('the server closed the connection');
    expect(await second).toEqual({
      status: 'unhealthy',
      components: { database: { status: 'unhealthy', detail: 'the server closed the connection' } },
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    expect(clock.pending).toBe(0);
  });

  it('takes a component that does not answer in time for unhealthy, and tells its check to stop', async () => {
    const { clock, health, pool, signals } = setUp();
    const checking = health.checkComponent('database');
    let found: ComponentHealth | undefined;
    void checking.then((result) => {
      found = result;
    });
    await clock.advance(1999);
    expect([found, signals[0]!.aborted]).toEqual([undefined, false]);
    await clock.advance(1);
    expect(found).toEqual({
      status: 'unhealthy',
      detail: 'the health check of database did not finish within 2000 ms',
    });
    expect(signals[0]!.reason).toBeInstanceOf(TimeoutError);
    pool.answer();
    expect(await checking).toBe(found);
  });

  it('waits 5 seconds for an answer, if not told otherwise', async () => {
    const clock = new FakeClock();
    const health = new HealthChecker({ clock });
    health.register('slow', () => new Promise(() => {}));
    const checking = health.checkComponent('slow');
    await clock.advance(4999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(clock.pending).toBe(0);
    expect((await checking).detail).toContain('5000 ms');
  });

  it.each<[HealthStatus, HealthStatus[]]>([
    ['healthy', []],
    ['healthy', ['healthy', 'healthy']],
    ['degraded', ['healthy', 'degraded', 'healthy']],
    ['unhealthy', ['degraded', 'unhealthy', 'degraded']],
    ['unhealthy', ['unhealthy', 'healthy']],
  ])('is %s as a whole with components that are %j', async (whole, components) => {
    const health = new HealthChecker();
    for (const [index, status] of components.entries()) health.register(`c${index}`, says(status));
    const report = await health.check();
    expect(report.status).toBe(whole);
    expect(Object.values(report.components).map(({ status }) => status)).toEqual(components);
  });

  it('asks all components at once, and none waits for another', async () => {
    const { clock, health, pool } = setUp();
    health.register('replica', async () => {
      await pool.query('select 1');
      return { status: 'degraded', detail: '40 s behind' };
    });
    health.register('broken', () => {
      throw new TypeError('no such method');
    });
    const checking = health.check();
    expect(pool.asked).toBe(2);
    await clock.advance(1999);
    pool.answer();
    await clock.advance(1);
    expect(await checking).toEqual({
      status: 'unhealthy',
      components: {
        database: { status: 'healthy' },
        replica: { status: 'unhealthy', detail: expect.stringContaining('replica did not finish') },
        broken: { status: 'unhealthy', detail: 'no such method' },
      },
    });
  });

  it('takes what is no status for unhealthy, and says so', async () => {
    const health = new HealthChecker();
    health.register('legacy', says('ok' as HealthStatus));
    health.register('toString', says('toString' as HealthStatus));
    health.register('nothing', async () => undefined as unknown as ComponentHealth);
    const { status, components } = await health.check();
    expect(status).toBe('unhealthy');
    expect(Object.keys(components)).toEqual(['legacy', 'toString', 'nothing']);
    expect(components.legacy).toEqual({
      status: 'unhealthy',
      detail: expect.stringMatching(/expected healthy, degraded or unhealthy, got "ok"/),
    });
    expect([components.toString, components.nothing]).toMatchObject([{ status: 'unhealthy' }, { status: 'unhealthy' }]);
  });

  it('gives out reports that nobody can change, with whatever name', async () => {
    const health = new HealthChecker();
    const mine = { status: 'degraded' as HealthStatus, detail: 'full', secret: 1 };
    health.register('__proto__', async () => mine);
    const report = await health.check();
    mine.status = 'healthy';
    expect(Object.entries(report.components)).toEqual([['__proto__', { status: 'degraded', detail: 'full' }]]);
    for (const part of [report, report.components, ...Object.values(report.components)]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('knows a component until it is taken away', async () => {
    const health = new HealthChecker();
    const check = says('degraded');
    const unregister = health.register('database', check);
    expect([health.has('database'), health.has('cache')]).toEqual([true, false]);
    expect(() => health.register('database', says('healthy'))).toThrow(InvalidArgumentError);
    await expect(health.checkComponent('cache')).rejects.toThrow(/registered component \(database\), got "cache"/);
    unregister();
    expect(health.has('database')).toBe(false);
    expect(await health.check()).toEqual({ status: 'healthy', components: {} });
    await expect(health.checkComponent('database')).rejects.toThrow(/there is none/);
    health.register('database', check);
    // That of before is gone already.
    unregister();
    expect((await health.check()).status).toBe('degraded');
  });

  it('ends with the signal, whose reason is no sickness', async () => {
    const { clock, health, pool, signals } = setUp();
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const checking = health.check({ signal: controller.signal });
    expect(pool.asked).toBe(1);
    controller.abort(reason);
    await expect(checking).rejects.toBe(reason);
    expect([signals[0]!.reason, clock.pending]).toEqual([reason, 0]);
    await expect(health.checkComponent('database', { signal: controller.signal })).rejects.toBe(reason);
    expect(pool.asked).toBe(1);
  });

  it.each([0, -1, Number.NaN])('refuses a timeout of %d ms', (timeoutMs) => {
    expect(() => new HealthChecker({ timeoutMs })).toThrow(InvalidArgumentError);
  });
});
