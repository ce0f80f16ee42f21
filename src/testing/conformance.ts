/** What a conformance suite needs of a test runner; met by those of node:test, vitest, jest and mocha. */
export interface ConformanceRunner {
  describe(name: string, define: () => void): unknown;
  it(name: string, run: () => Promise<void>): unknown;
}
