import { isDeepStrictEqual } from 'node:util';
import { type IsolationCase, isolationCases, type Level, type Subject } from './isolation-cases.ts';

const tableLevels: readonly Level[] = ['RC', 'SI', 'SER'];

/** What a level answers to a case, by what it is expected to. */
const answerOf = ({ allowed }: IsolationCase, level: Level) => (allowed.includes(level) ? 'allows' : 'prevents');

/** What somebody answers to each case, by the level whose outcome it has, the strongest first. */
export async function answers(create: () => Promise<Subject>, hasPredicates: boolean): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const each of isolationCases) {
    if (each.usesPredicates && !hasPredicates) {
      found.set(each.name, 'no predicates');
      continue;
    }
    const outcome = await each.run(await create());
    const level = tableLevels.toReversed().find((one) => isDeepStrictEqual(outcome, each.expected[one]));
    found.set(each.name, level === undefined ? `other: ${JSON.stringify(outcome)}` : answerOf(each, level));
  }
  return found;
}

/** The rows of the table in docs/transactions.md. */
export function docsRows(peer: ReadonlyMap<string, string>): string[] {
  return isolationCases.map((each) => {
    const cells = [each.name, ...tableLevels.map((level) => answerOf(each, level)), peer.get(each.name)];
    return `| ${cells.join(' | ')} |`;
  });
}
