import type { Clock } from '../core/clock.ts';

/**
 * How long records have not changed, measured by this process's clock alone: the clocks of two machines are never
 * compared. What is seen for the first time counts as just changed.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  #seen = new Map<string, { readonly revision: number; readonly since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of all records there are; others are forgotten. */
  observe(records: readonly { readonly name: string; readonly revision: number }[]): void {
    const now = this.#clock.now();
    const seen = new Map<string, { readonly revision: number; readonly since: number }>();
    for (const { name, revision } of records) {
      const before = this.#seen.get(name);
      seen.set(name, before?.revision === revision ? before : { revision, since: now });
    }
    this.#seen = seen;
  }

  /** For how many ms an observed record has not changed. */
  silentFor(name: string): number {
    const now = this.#clock.now();
    return now - (this.#seen.get(name)?.since ?? now);
  }
}
