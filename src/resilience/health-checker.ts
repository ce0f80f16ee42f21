import { withTimeout } from '../core/abort.ts';
import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError, messageOf } from '../core/errors.ts';

/** How well a component is. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** What a check says of its component. */
export interface ComponentHealth {
  readonly status: HealthStatus;
  readonly detail?: string | undefined;
}

/** Looks at one component. One that rejects, takes too long or gives no status is unhealthy. */
export type HealthCheck = (signal: AbortSignal) => Promise<ComponentHealth>;

/** What the checks of all components found. */
export interface HealthReport {
  /** The worst of the components; healthy where there is none. */
  readonly status: HealthStatus;
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** Options of a {@link HealthChecker}. */
export interface HealthCheckerOptions {
  /** A check that takes longer is unhealthy. Default 5000 ms. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

const badness: Record<HealthStatus, number> = { healthy: 0, degraded: 1, unhealthy: 2 };

/** Asks each component how it is, when somebody wants to know. Starts no timer of its own. */
export class HealthChecker {
  readonly #checks = new Map<string, HealthCheck>();
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  /** @throws {@link InvalidArgumentError} if `timeoutMs` is not more than 0. */
  constructor(options: HealthCheckerOptions = {}) {
    checkObject(options);
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#clock = options.clock ?? systemClock;
    if (!(this.#timeoutMs > 0)) throw new InvalidArgumentError('timeoutMs', 'more than 0 ms', this.#timeoutMs);
  }

  /**
   * Adds a component; the function returned takes it away again.
   *
   * @throws {@link InvalidArgumentError} if there is one of this name.
   */
  register(component: string, check: HealthCheck): () => void {
    if (this.#checks.has(component)) {
      throw new InvalidArgumentError('component', 'a name that no other component has', component);
    }
    this.#checks.set(component, check);
    let isRegistered = true;
    return () => {
      if (isRegistered) this.#checks.delete(component);
      isRegistered = false;
    };
  }

  /** Whether there is a check of this name. */
  has(component: string): boolean {
    return this.#checks.has(component);
  }

  /** Asks every component at once. Rejects only with the signal's reason. */
  async check(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<HealthReport> {
    const found = await Promise.all(
      [...this.#checks.keys()].map(async (name) => [name, await this.checkComponent(name, options)] as const),
    );
    const statuses = found.map(([, health]) => health.status);
    const status = statuses.reduce(
      (worst, each) => (badness[each] > badness[worst] ? each : worst),
      'healthy' as HealthStatus,
    );
    return Object.freeze({ status, components: Object.freeze(Object.fromEntries(found)) });
  }

  /**
   * Asks one component.
   *
   * @throws {@link InvalidArgumentError} if there is none of this name.
   */
  async checkComponent(
    component: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ComponentHealth> {
    const check = this.#checks.get(component);
    if (!check) {
      const known = [...this.#checks.keys()].join(', ') || 'there is none';
      throw new InvalidArgumentError('component', `a registered component (${known})`, component);
    }
    const { signal } = options;
    try {
      const what = `the health check of ${component}`;
      const { status, detail } = await withTimeout(what, this.#timeoutMs, check, { clock: this.#clock, signal });
      if (!Object.hasOwn(badness, status)) {
        throw new InvalidArgumentError('status', 'healthy, degraded or unhealthy', status);
      }
      return Object.freeze({ status, ...(detail !== undefined && { detail }) });
    } catch (error) {
      signal?.throwIfAborted();
      return Object.freeze({ status: 'unhealthy', detail: messageOf(error) });
    }
  }
}
