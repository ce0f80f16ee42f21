/** Where chance comes from: a number in [0, 1), like `Math.random`. */
export type Random = () => number;

/** How long to wait between tries: exponential, capped, with full jitter. */
export interface BackoffOptions {
  /** Bound of the first wait in ms. Default 50. */
  readonly initialMs?: number;
  /** Bound of any wait in ms. Default 5000. */
  readonly maxMs?: number;
  /** Default 2. */
  readonly factor?: number;
}

/**
 * The wait in ms before try `attempt` + 1 (`attempt` counts from 1): a random share of the exponential bound.
 *
 * Full jitter, after Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export function backoffDelay(attempt: number, options: BackoffOptions = {}, random: Random = Math.random): number {
  const { initialMs = 50, maxMs = 5000, factor = 2 } = options;
  return random() * Math.min(maxMs, initialMs * factor ** (attempt - 1));
}
