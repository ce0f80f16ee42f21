import { withTimeout } from '../core/abort.ts';
import type { Random } from '../core/backoff.ts';
import { checkMethods, checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError } from '../core/errors.ts';
import { jsonEqual } from '../core/json-value.ts';
import { type OnError, throwLater } from '../core/on-error.ts';
import type { ShadowOptions } from './shadow.ts';
import type { TrafficSplitter, TrafficTarget } from './traffic-splitter.ts';

/** One of the two systems, as the router sees it. */
export interface RequestHandler<R, A> {
  handle(request: R, options?: { readonly signal?: AbortSignal | undefined }): Promise<A>;
}

/** How one routed request went. */
export interface RoutedRequest<R> {
  readonly request: R;
  readonly target: TrafficTarget;
  readonly durationMs: number;
  /** Absent when the request was answered. */
  readonly error?: unknown;
}

/** Options of a {@link TrafficRouter}. */
export interface TrafficRouterOptions<R, A> {
  /** Asks the other system too and compares. Default: no shadow calls. */
  readonly shadow?: ShadowOptions<R, A>;
  /** Told of every request, for metrics and gates. */
  readonly onRouted?: (routed: RoutedRequest<R>) => void;
  /** Where failures of observers go. Default: thrown later, as an uncaught exception. */
  readonly onError?: OnError;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Answers each request from the system that the splitter names.
 *
 * With `shadow`, the other system is asked too, after the answer is under way and without anybody waiting for it: a
 * shadow call can't slow, fail or change the primary answer (TR6), whatever the shadow system or the comparison do.
 */
export class TrafficRouter<R, A> {
  readonly #handlers: Record<TrafficTarget, RequestHandler<R, A>>;
  readonly #splitter: TrafficSplitter<R>;
  readonly #options: TrafficRouterOptions<R, A>;
  readonly #clock: Clock;
  readonly #onError: OnError;
  readonly #shadows = new Set<Promise<void>>();
  #closed = false;

  /** @throws {@link InvalidArgumentError} for a system without `handle`, or a splitter without `determineTarget`. */
  constructor(
    legacySystem: RequestHandler<R, A>,
    newSystem: RequestHandler<R, A>,
    splitter: TrafficSplitter<R>,
    options: TrafficRouterOptions<R, A> = {},
  ) {
    checkMethods(legacySystem, 'legacySystem', 'an object with a method handle()', 'handle');
    checkMethods(newSystem, 'newSystem', 'an object with a method handle()', 'handle');
    checkMethods(splitter, 'splitter', 'an object with a method determineTarget()', 'determineTarget');
    checkObject(options);
    this.#handlers = { legacy: legacySystem, new: newSystem };
    this.#splitter = splitter;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#onError = options.onError ?? throwLater;
  }

  /**
   * The target's own answer, or its own error.
   *
   * @throws {@link ClosedError} after `close()`.
   */
  async routeRequest(request: R, options: { readonly signal?: AbortSignal } = {}): Promise<A> {
    if (this.#closed) throw new ClosedError('the traffic router');
    options.signal?.throwIfAborted();
    const target = await this.#splitter.determineTarget(request);
    const startedAt = this.#clock.now();
    try {
      const answer = await this.#handlers[target].handle(request, options);
      this.#routed({ request, target, durationMs: this.#clock.now() - startedAt });
      this.#startShadow(request, answer, target === 'new' ? 'legacy' : 'new');
      return answer;
    } catch (error) {
      this.#routed({ request, target, durationMs: this.#clock.now() - startedAt, error });
      throw error;
    }
  }

  /** Waits until every shadow call so far has its outcome. */
  async flush(): Promise<void> {
    await Promise.all(this.#shadows);
  }

  /** Takes no more requests and waits for the shadow calls under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #routed(routed: RoutedRequest<R>): void {
    this.#observe(() => this.#options.onRouted?.(routed));
  }

  #startShadow(request: R, primary: A, target: TrafficTarget): void {
    const shadow = this.#options.shadow;
    if (!shadow) return;
    this.#observe(() => {
      if (shadow.applies && !shadow.applies(request)) return;
      if ((this.#options.random ?? Math.random)() * 100 >= (shadow.samplePercentage ?? 100)) return;
      const maxInFlight = shadow.maxInFlight ?? 100;
      if (this.#shadows.size >= maxInFlight) {
        shadow.onOutcome({ kind: 'skipped', request, reason: `${maxInFlight} shadow calls are under way` });
        return;
      }
      const call = this.#shadow(shadow, request, primary, target).catch((error) => this.#onError(error));
      this.#shadows.add(call);
      void call.finally(() => this.#shadows.delete(call));
    });
  }

  async #shadow(shadow: ShadowOptions<R, A>, request: R, primary: A, target: TrafficTarget): Promise<void> {
    // The next turn, so that a handler with a long synchronous start doesn't hold up the primary answer.
    await new Promise((resolve) => setImmediate(resolve));
    let answer: A;
    try {
      answer = await withTimeout(
        `the shadow call to the ${target} system`,
        shadow.timeoutMs ?? 1000,
        (signal) => this.#handlers[target].handle(request, { signal }),
        { clock: this.#clock },
      );
    } catch (error) {
      shadow.onOutcome({ kind: 'failed', request, primary, error });
      return;
    }
    const equal = await (shadow.equal ?? jsonEqual)(primary, answer, request);
    shadow.onOutcome({ kind: equal ? 'match' : 'mismatch', request, primary, shadow: answer });
  }

  /** Runs what only watches: its failure is reported and changes no answer. */
  #observe(watch: () => void): void {
    try {
      watch();
    } catch (error) {
      this.#onError(error);
    }
  }
}
