import type { Work } from '../compare.ts';
import type { Contender } from './contender.ts';

/** How a number of writers at once append. */
export interface Load {
  readonly writers: number;
  /** Appends of each. */
  readonly appends: number;
  readonly eventsPerAppend: number;
}

let streams = 0;

/** Writers at once, each to a new stream of its own, at the version it knows its stream is at. */
export function writing({ append }: Contender, { writers, appends, eventsPerAppend }: Load): Work {
  return async () => {
    const write = async (stream: string) => {
      for (let n = 0; n < appends; n++) await append(stream, n * eventsPerAppend, eventsPerAppend);
    };
    await Promise.all(Array.from({ length: writers }, () => write(`s${++streams}-1`)));
    return writers * appends * eventsPerAppend;
  };
}

/** The same load for each. */
export function contest(contenders: readonly Contender[], load: Load): Record<string, Work> {
  return Object.fromEntries(contenders.map((contender) => [contender.name, writing(contender, load)]));
}
