import { checkMethods } from '../core/check-argument.ts';

/** What a conformance suite needs of a test runner; met by those of node:test, vitest, jest and mocha. */
export interface ConformanceRunner {
  describe(name: string, define: () => void): unknown;
  it(name: string, run: () => Promise<void>): unknown;
}

/** @throws {@link InvalidArgumentError} unless they are a test runner, and options that make what is to be tested. */
export function checkSuite(runner: ConformanceRunner, options: object): void {
  checkMethods(runner, 'runner', 'a test runner with describe() and it()', 'describe', 'it');
  checkMethods(options, 'options', 'an object with create()', 'create');
}
