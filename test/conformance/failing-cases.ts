import type { ConformanceRunner } from '../../src/testing/conformance.ts';

/** A case of a conformance suite. */
export interface SuiteCase {
  readonly group: string;
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** The cases that a suite defines, none of them run. */
export function casesOf(suite: (runner: ConformanceRunner) => void): SuiteCase[] {
  const cases: SuiteCase[] = [];
  let group = '';
  suite({
    describe(name, define) {
      group = name;
      define();
    },
    it: (title, run) => cases.push({ group, title, run }),
  });
  return cases;
}

/**
 * Runs a suite one case after another, and gives the titles of those that fail.
 *
 * @param only - The cases of this group, up to the first that fails. Default: all cases.
 */
export async function failingCases(suite: (runner: ConformanceRunner) => void, only?: string): Promise<string[]> {
  const failed: string[] = [];
  for (const { group, title, run } of casesOf(suite)) {
    if (only !== undefined && group !== only) continue;
    await run().catch(() => failed.push(title));
    if (only !== undefined && failed.length > 0) break;
  }
  return failed;
}
