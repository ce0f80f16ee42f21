import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AutoRecoveryManager } from '../../src/resilience/auto-recovery-manager.ts';
import { CircuitBreaker, type CircuitState } from '../../src/resilience/circuit-breaker.ts';
import { CircuitBreakerOpenError } from '../../src/resilience/errors.ts';
import { HealthChecker } from '../../src/resilience/health-checker.ts';
import { RecoveryResult } from '../../src/resilience/recovery-strategy.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { runs } from './runs.ts';

const resetMs = 100;

/** An operation that ends when and how it is told. */
class Call {
  readonly outcome: Promise<'answered' | 'failed' | 'refused'>;
  #end = (_fails: boolean) => {};
  started = false;

  constructor(breaker: CircuitBreaker) {
    const operation = () => {
      this.started = true;
      return new Promise<number>((resolve, reject) => {
        this.#end = (fails) => (fails ? reject(new Error('down')) : resolve(1));
      });
    };
    this.outcome = breaker.execute(operation).then(
      () => 'answered' as const,
      (error: unknown) => (error instanceof CircuitBreakerOpenError ? 'refused' : 'failed'),
    );
  }

  async end(fails: boolean): Promise<void> {
    this.#end(fails);
    await this.outcome;
  }
}

/** What the documentation says, and nothing of how it is done. */
interface Model {
  state: CircuitState;
  failures: number;
  era: number;
  /** Time left until half-open, or until the trial has taken too long. */
  left: number;
  trial: Call | null;
  open: Map<Call, number>;
}
interface Real {
  breaker: CircuitBreaker;
  threshold: number;
}

function change(model: Model, state: CircuitState): void {
  model.state = state;
  model.failures = 0;
  model.era++;
  model.left = state === 'open' ? resetMs : 0;
  model.trial = null;
}

class Begin implements fc.AsyncCommand<Model, Real> {
  check = () => true;
  async run(model: Model, { breaker }: Real) {
    const call = new Call(breaker);
    await Promise.resolve();
    const admitted = model.state === 'closed' || (model.state === 'half-open' && !model.trial);
    expect(call.started).toBe(admitted);
    if (!admitted) {
      expect(await call.outcome).toBe('refused');
      return;
    }
    model.open.set(call, model.era);
    if (model.state === 'half-open') {
      model.trial = call;
      model.left = resetMs;
    }
  }
  toString = () => 'begin()';
}

class End implements fc.AsyncCommand<Model, Real> {
  readonly at: number;
  readonly fails: boolean;
  constructor(at: number, fails: boolean) {
    this.at = at;
    this.fails = fails;
  }
  check = (model: Readonly<Model>) => model.open.size > 0;
  async run(model: Model, { breaker, threshold }: Real) {
    const [call, era] = [...model.open][this.at % model.open.size]!;
    model.open.delete(call);
    await call.end(this.fails);
    expect(await call.outcome).toBe(this.fails ? 'failed' : 'answered');
    if (era === model.era) {
      if (!this.fails) {
        if (model.state === 'half-open') change(model, 'closed');
        model.failures = 0;
      } else if (model.trial === call || ++model.failures >= threshold) change(model, 'open');
    }
    expect(breaker.state).toBe(model.state);
  }
  toString = () => `${this.fails ? 'fail' : 'answer'}(${this.at})`;
}

class Wait implements fc.AsyncCommand<Model, Real> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check = () => true;
  async run(model: Model, { breaker }: Real) {
    for (let left = this.ms; left > 0; ) {
      const step = model.left > 0 ? Math.min(left, model.left) : left;
      await vi.advanceTimersByTimeAsync(step);
      left -= step;
      if (model.left === 0) continue;
      model.left -= step;
      if (model.left > 0) continue;
      if (model.state === 'open') change(model, 'half-open');
      else if (model.trial) change(model, 'open');
    }
    expect(breaker.state).toBe(model.state);
  }
  toString = () => `wait(${this.ms})`;
}

describe('circuit breaker', () => {
  beforeEach(
    () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] }),
  );
  afterEach(() => void vi.useRealTimers());

  it('CB1 CB2 CB3 it does what the documented state machine says, whenever calls begin and end', async () => {
    const commands = [
      fc.constant(new Begin()),
      fc.tuple(fc.nat(5), fc.boolean()).map(([at, fails]) => new End(at, fails)),
      fc.constantFrom(1, 50, 99, 100, 150).map((ms) => new Wait(ms)),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.commands(commands, { maxCommands: 40, size: 'max' }),
        async (threshold, all) => {
          const breaker = new CircuitBreaker(threshold, resetMs);
          const model: Model = { state: 'closed', failures: 0, era: 0, left: 0, trial: null, open: new Map() };
          await fc.asyncModelRun(() => ({ model, real: { breaker, threshold } }), all);
          breaker.shutdown();
          for (const call of model.open.keys()) await call.end(false);
        },
      ),
      runs(200),
    );
  });

  it('CB2 half-open lets one call through, however many arrive at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 30 }), async (callers) => {
        const breaker = new CircuitBreaker(1, resetMs);
        await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {});
        await vi.advanceTimersByTimeAsync(resetMs);
        expect(breaker.state).toBe('half-open');
        const calls = Array.from({ length: callers }, () => new Call(breaker));
        expect(calls.filter((call) => call.started)).toHaveLength(1);
        await calls.find((call) => call.started)!.end(false);
        expect(breaker.state).toBe('closed');
        breaker.shutdown();
      }),
      runs(20),
    );
  });

  it('CB4 the result or error of the operation passes through untouched', async () => {
    const anything = fc.oneof(fc.anything(), fc.constantFrom(undefined, null, false, 0, ''));
    await fc.assert(
      fc.asyncProperty(anything, fc.constantFrom('returns', 'resolves', 'throws', 'rejects'), async (value, how) => {
        fc.pre(typeof (value as { then?: unknown } | null | undefined)?.then !== 'function');
        const breaker = new CircuitBreaker(1, resetMs, {
          isFailure: () => {
            throw new Error('isFailure');
          },
          onError: () => {},
        });
        const operation = () => {
          if (how === 'throws') throw value;
          if (how === 'rejects') return Promise.reject(value);
          return how === 'returns' ? value : Promise.resolve(value);
        };
        const outcome = await breaker.execute(operation).then(
          (result) => ({ result }),
          (error: unknown) => ({ error }),
        );
        breaker.shutdown();
        const fails = how === 'throws' || how === 'rejects';
        expect(Object.keys(outcome)).toEqual([fails ? 'error' : 'result']);
        expect(Object.is(Object.values(outcome)[0], value)).toBe(true);
      }),
      runs(200),
    );
  });

  it('CB5 shutdown leaves no timer', async () => {
    const before = vi.getTimerCount();
    const breaker = new CircuitBreaker(1, resetMs);
    await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {});
    await vi.advanceTimersByTimeAsync(resetMs);
    const trial = new Call(breaker);
    breaker.shutdown();
    await trial.end(false);
    expect(vi.getTimerCount()).toBe(before);
    await expect(breaker.execute(async () => 1)).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

it('CB5 no timer of an open or half-open circuit keeps the process alive', async () => {
  const program = `
    import { CircuitBreaker } from './src/resilience/circuit-breaker.ts';
    const timers = new Set();
    const { setTimeout: begin } = globalThis;
    globalThis.setTimeout = (run, ms) => {
      const timer = begin(() => (timers.delete(timer), run()), ms);
      timers.add(timer);
      return timer;
    };
    const open = new CircuitBreaker(1, 60_000);
    await open.execute(() => Promise.reject(new Error('down'))).catch(() => {});
    const trying = new CircuitBreaker(1, 1);
    await trying.execute(() => Promise.reject(new Error('down'))).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    trying.execute(() => new Promise(() => {}));
    console.log(open.state, trying.state, timers.size, [...timers].some((timer) => timer.hasRef()));
  `;
  const { stdout } = await promisify(execFile)('npx', ['tsx', '--input-type=module', '-e', program], {
    timeout: 20_000,
  });
  expect(stdout.trim()).toBe('open half-open 2 false');
});

describe('recovery', () => {
  const failure = { type: 'lost', component: 'database', error: new Error('gone') };

  it('RC1 one recovery at a time for a component: others join it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 8 }), async (scheduler, callers) => {
        let running = 0;
        let executed = 0;
        const health = new HealthChecker();
        health.register('database', async () => ({ status: 'healthy' }));
        const strategy = {
          async execute() {
            executed++;
            expect(++running).toBe(1);
            await scheduler.schedule(Promise.resolve(), 'recovering');
            running--;
            return RecoveryResult.recovered();
          },
        };
        const recovery = new AutoRecoveryManager(health, new Map([['lost', strategy]]));
        const all = Promise.all(Array.from({ length: callers }, () => recovery.handleFailure(failure)));
        await scheduler.waitFor(all);
        const results = await all;
        expect(executed).toBe(1);
        for (const result of results) expect(result).toBe(results[0]);
        await recovery.close();
      }),
      runs(40),
    );
  });

  it('RC2 RC3 success is only said when the health check says so; tries are bounded, backed off and then escalated', async () => {
    const attempt = fc.record({
      strategy: fc.constantFrom('recovers', 'fails', 'throws'),
      health: fc.constantFrom('healthy', 'degraded', 'unhealthy', 'throws'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 5 }), async (attempts) => {
        const clock = new FakeClock(1000);
        const begun: number[] = [];
        const health = new HealthChecker({ clock });
        health.register('database', async () => {
          const { health } = attempts[begun.length - 1]!;
          if (health === 'throws') throw new Error('health');
          return { status: health };
        });
        const strategy = {
          async execute() {
            begun.push(clock.now());
            const { strategy } = attempts[begun.length - 1]!;
            if (strategy === 'throws') throw new Error('strategy');
            return strategy === 'recovers' ? RecoveryResult.recovered() : RecoveryResult.failed('no');
          },
        };
        const escalations: RecoveryResult[] = [];
        const recovery = new AutoRecoveryManager(health, new Map([['lost', strategy]]), {
          maxAttempts: attempts.length,
          backoff: { initialMs: 100, maxMs: 1000 },
          random: () => 1,
          clock,
          onEscalation: (_failure, result) => escalations.push(result),
        });
        const pending = recovery.handleFailure(failure);
        await clock.advance(100_000);
        const result = await pending;
        const helped = attempts.findIndex(
          ({ strategy, health }) => strategy === 'recovers' && (health === 'healthy' || health === 'degraded'),
        );
        const tries = helped < 0 ? attempts.length : helped + 1;
        expect(result.success).toBe(helped >= 0);
        expect(result.requiresManualIntervention).toBe(helped < 0);
        expect(result.attempts.map(({ at }) => at)).toEqual(begun);
        expect(begun).toHaveLength(tries);
        expect(escalations).toEqual(helped < 0 ? [result] : []);
        for (let i = 1; i < begun.length; i++) {
          expect(begun[i]! - begun[i - 1]!).toBe(Math.min(1000, 100 * 2 ** (i - 1)));
        }
        expect(clock.pending).toBe(0);
      }),
      runs(100),
    );
  });

  it('RC2 a component that nobody can check goes to a person', async () => {
    const strategy = { execute: async () => RecoveryResult.recovered('reconnected') };
    const recovery = new AutoRecoveryManager(new HealthChecker(), new Map([['lost', strategy]]));
    const result = await recovery.handleFailure(failure);
    expect([result.success, result.requiresManualIntervention]).toEqual([false, true]);
    expect(result.detail).toContain('no health check');
  });
});
