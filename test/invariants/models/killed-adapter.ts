import type { EventAdapter } from '../../../src/events/event-adapter.ts';

type Method = (...values: unknown[]) => Promise<unknown>;

const isWrite = (name: string) => /^(append|import|save|truncate|delete)/.test(name);

/** A storage on whose calls something happens before and after. */
export function withCalls(
  adapter: () => EventAdapter,
  around: (call: () => Promise<unknown>, name: string) => Promise<unknown>,
): EventAdapter {
  return new Proxy({} as EventAdapter, {
    get: (_, key: keyof EventAdapter) => {
      if (!adapter()[key]) return undefined;
      return (...values: unknown[]) => around(() => (adapter()[key] as Method)(...values), key);
    },
  });
}

/** The process that uses this storage is killed at its nth write: before it takes effect, or when it has. */
export function killedAtWrite(adapter: EventAdapter, nth: number, when: 'before' | 'after'): EventAdapter {
  let writes = 0;
  return withCalls(
    () => adapter,
    async (call, name) => {
      const isLast = isWrite(name) && ++writes >= nth;
      if (isLast && (when === 'before' || writes > nth)) throw new Error('killed');
      const result = await call();
      if (isLast) throw new Error('killed');
      return result;
    },
  );
}

/** Runs work to its end. @returns Whether it was not killed. */
export async function unlessKilled(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error;
    return false;
  }
}
