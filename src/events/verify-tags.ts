import type { EventAdapter, StoredEvent } from './event-adapter.ts';

const pageSize = 500;

/**
 * Events that a query by all of their tags does not find, and those that such a query finds although they have others.
 *
 * Reads the store in its order, and asks once for each set of tags on a page. What is found wrongly is noticed under the
 * tags of events that stand near it only.
 */
export async function* misindexedEvents(
  adapter: EventAdapter,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredEvent, void> {
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const page = await adapter.readAll({ after, limit: pageSize });
    const sets = new Map(page.map(({ tags }) => [JSON.stringify(tags), [...new Set(tags)]]));
    for (const tags of sets.values()) {
      signal?.throwIfAborted();
      if (tags.length > 0) yield* await differences(adapter, page, after, tags);
    }
    if (page.length < pageSize) return;
    after = page.at(-1)!.position;
  }
}

async function differences(adapter: EventAdapter, page: readonly StoredEvent[], after: number, tags: string[]) {
  const right = page.filter((event) => tags.every((tag) => event.tags.includes(tag)));
  const found = await adapter.readAll({ after, limit: right.length, query: [{ tags }] });
  const [expected, given] = [right, found].map((events) => new Set(events.map(({ position }) => position)));
  const wrong = found.filter(({ position }) => position <= page.at(-1)!.position && !expected!.has(position));
  // Each of those takes the place of one that is found behind them.
  return wrong.length > 0 ? wrong : right.filter(({ position }) => !given!.has(position));
}
