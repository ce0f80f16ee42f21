import type { StandardIssue, StandardSchema } from '../../src/events/standard-schema.ts';

/** A schema by the specification, as zod and its like give it: what is thrown is an issue. */
export function schema<Output, Input = Output>(
  parse: (value: Input) => Output | Promise<Output>,
): StandardSchema<Input, Output> {
  const failed = (error: unknown) => ({
    issues: error instanceof Issue ? [error.issue] : [{ message: String(error) }],
  });
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        try {
          const parsed = parse(value as Input);
          if (parsed instanceof Promise) return parsed.then((output) => ({ value: output }), failed);
          return { value: parsed };
        } catch (error) {
          return failed(error);
        }
      },
    },
  };
}

/** What a schema says of a field. */
export class Issue extends Error {
  readonly issue: StandardIssue;

  constructor(message: string, ...path: PropertyKey[]) {
    super(message);
    this.issue = { message, path };
  }
}

/** Text in one field. */
export const titled = schema((value: { title: string }) => {
  if (typeof value?.title !== 'string') throw new Issue('expected text', 'title');
  return { title: value.title };
});

/** Takes anything. */
export const anything = schema((value: unknown) => value);
