import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { eventAdapterConformance } from '../../../src/testing/event-adapter-conformance.ts';
import { casesOf } from '../failing-cases.ts';
import { type ForeignEventAdapter, NotSupportedError } from './foreign-event-adapter.ts';

export type Verdict = 'passed' | 'failed' | 'not supported';

export interface CaseResult {
  readonly group: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** Why, where it failed. */
  readonly reason?: string;
}

/** Longer than any case takes on a server. */
const caseTimeoutMs = 20_000;

/** Runs the whole suite on a store of others. A case that asks for what the store does not have says nothing of it. */
export async function runCases(
  create: () => Promise<ForeignEventAdapter>,
  reopen?: () => Promise<ForeignEventAdapter>,
): Promise<CaseResult[]> {
  const opened: ForeignEventAdapter[] = [];
  const noted = (open: () => Promise<ForeignEventAdapter>) => async () => {
    const adapter = await open();
    opened.push(adapter);
    return adapter;
  };
  const options = { create: noted(create), ...(reopen && { reopen: noted(reopen) }), listens: false };
  const results: CaseResult[] = [];
  for (const { run, ...named } of casesOf((runner) => eventAdapterConformance(runner, options))) {
    opened.length = 0;
    const error = await outcomeOf(run);
    const asked = error instanceof NotSupportedError || opened.some(({ refused }) => refused.size > 0);
    if (asked) results.push({ ...named, verdict: 'not supported' });
    else if (error === undefined) results.push({ ...named, verdict: 'passed' });
    else results.push({ ...named, verdict: 'failed', reason: reasonOf(error) });
  }
  return results;
}

async function outcomeOf(run: () => Promise<void>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`not done after ${caseTimeoutMs / 1000} s`)), caseTimeoutMs);
  });
  const outcome = await Promise.race([
    run().then(
      () => undefined,
      (error: unknown) => error ?? new Error('failed'),
    ),
    late,
  ]);
  clearTimeout(timer);
  return outcome;
}

function reasonOf(error: unknown): string {
  const compared = error instanceof AssertionError && error.generatedMessage && error.operator !== '==';
  const { actual, expected } = error as { actual?: unknown; expected?: unknown };
  const said = compared ? `${inspected(actual)} instead of ${inspected(expected)}` : String(error);
  return said.split('\n', 1)[0]!.slice(0, 200);
}

const inspected = (value: unknown) => inspect(value, { breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 4 });
