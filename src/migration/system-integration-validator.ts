import { withTimeout } from '../core/abort.ts';
import { checkObject } from '../core/check-argument.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidArgumentError, messageOf } from '../core/errors.ts';

/** What a check of the whole system looks at. */
export type ValidationCategory = 'functionality' | 'performance' | 'stability' | 'security';

const categories: readonly ValidationCategory[] = ['functionality', 'performance', 'stability', 'security'];

/** One check of the whole system. */
export interface ValidationCheck {
  readonly name: string;
  run(signal: AbortSignal): Promise<{ readonly passed: boolean; readonly detail?: string }>;
}

/** The checks by category, and how long one may take. */
export type SystemIntegrationValidatorOptions = {
  readonly [category in ValidationCategory]?: readonly ValidationCheck[];
} & {
  /** A check that takes longer has failed. Default 60,000 ms. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
};

/** How one check went. */
export interface ValidationResult {
  readonly category: ValidationCategory;
  readonly name: string;
  readonly passed: boolean;
  /** What the check said, or why it failed; empty if it said nothing. */
  readonly detail: string;
  readonly durationMs: number;
}

/** What all checks together say. */
export interface SystemValidation {
  /** True only if every category was checked and every check passed. */
  readonly isValid: boolean;
  readonly results: readonly ValidationResult[];
  /** The categories without a check. */
  readonly unchecked: readonly ValidationCategory[];
}

/**
 * The last look at the whole system before the legacy one goes.
 *
 * What was not checked does not pass: a category without a check makes the system invalid, and a check that throws or
 * hangs has failed with its reason. Checks run one after the other, so that one does not spoil the figures of another.
 */
export class SystemIntegrationValidator {
  readonly #checks: ReadonlyArray<readonly [ValidationCategory, readonly ValidationCheck[]]>;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  /** @throws {@link InvalidArgumentError} if `timeoutMs` is not more than 0. */
  constructor(options: SystemIntegrationValidatorOptions) {
    checkObject(options);
    const { timeoutMs = 60_000, clock = systemClock } = options;
    if (!(timeoutMs > 0)) throw new InvalidArgumentError('timeoutMs', 'more than 0 ms', timeoutMs);
    this.#checks = categories.map((category) => [category, [...(options[category] ?? [])]]);
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** Runs every check, also after one has failed. Rejects only when `signal` aborts, with its reason. */
  async validateSystem(options: { readonly signal?: AbortSignal } = {}): Promise<SystemValidation> {
    const results: ValidationResult[] = [];
    for (const [category, checks] of this.#checks) {
      for (const check of checks) results.push(await this.#run(category, check, options.signal));
    }
    const unchecked = this.#checks.filter(([, checks]) => checks.length === 0).map(([category]) => category);
    return Object.freeze({
      isValid: unchecked.length === 0 && results.every((result) => result.passed),
      results: Object.freeze(results),
      unchecked: Object.freeze(unchecked),
    });
  }

  async #run(
    category: ValidationCategory,
    check: ValidationCheck,
    signal: AbortSignal | undefined,
  ): Promise<ValidationResult> {
    const clock = this.#clock;
    const { name } = check;
    const startedAt = clock.now();
    const result = (passed: boolean, detail: string) =>
      Object.freeze({ category, name, passed, detail, durationMs: clock.now() - startedAt });
    try {
      const run = async (timeout: AbortSignal) => check.run(timeout);
      const { passed, detail = '' } = await withTimeout(`check "${name}"`, this.#timeoutMs, run, { clock, signal });
      return result(passed === true, detail);
    } catch (error) {
      signal?.throwIfAborted();
      return result(false, messageOf(error));
    }
  }
}
