import type { EventQuery, EventQueryItem } from '../../../src/core/event-query.ts';
import type { AppendCondition } from '../../../src/events/event-adapter.ts';
import { eventsBy, type Mutant, type Mutants, outcomesBy, pause } from './mutant.ts';

const queriesBy =
  (change: (query: EventQuery) => EventQuery): Mutant =>
  (next) => ({ readAll: (page) => next.readAll(page.query ? { ...page, query: change(page.query) } : page) });

const conditionsBy =
  (change: (condition: AppendCondition) => AppendCondition | undefined): Mutant =>
  (next) => ({
    append: (batches, options = {}) =>
      next.append(batches, { ...options, condition: options.condition && change(options.condition) }),
  });

const itemsBy = (change: (item: EventQueryItem) => EventQueryItem) => (query: EventQuery) => query.map(change);

/** Ways to misunderstand a query. */
const misreadings: Record<string, (query: EventQuery) => EventQuery> = {
  'ignores types': itemsBy(({ tags }) => (tags ? { tags } : {})),
  'ignores tags': itemsBy(({ types }) => (types ? { types } : {})),
  'ignores tags where types are given': itemsBy((item) => (item.types ? { types: item.types } : item)),
  'takes the first type alone': itemsBy(({ types, ...item }) => (types ? { ...item, types: types.slice(0, 1) } : item)),
  'takes the first tag alone': itemsBy(({ tags, ...item }) => (tags ? { ...item, tags: tags.slice(0, 1) } : item)),
  'takes any tag for all': (query) =>
    query.flatMap(({ tags, ...item }) => (tags ? tags.map((tag) => ({ ...item, tags: [tag] })) : [item])),
  'takes the first item alone': (query) => query.slice(0, 1),
  'takes the last item alone': (query) => query.slice(-1),
  'takes types or tags for both': (query) =>
    query.flatMap(({ types, tags }) =>
      types && tags ? [{ types }, { tags }] : [{ ...(types && { types }), ...(tags && { tags }) }],
    ),
  'finds nothing for everything': (query) => query.filter(({ types, tags }) => types ?? tags),
};

const folded = (names: readonly string[]) => names.map((name) => name.toLowerCase());

export const queryMutants: Mutants = {
  ...Object.fromEntries(
    Object.entries(misreadings).map(([title, change]) => [`${title} of a query`, queriesBy(change)]),
  ),
  'ignores queries': (next) => ({ readAll: ({ after, limit }) => next.readAll({ after, limit }) }),
  'limits before it looks what matches': (next) => ({
    async readAll({ after, limit, query }) {
      const page = await next.readAll({ after, limit });
      const found = await next.readAll({ after, limit, ...(query && { query }) });
      return found.filter(({ id }) => page.some((event) => event.id === id));
    },
  }),
  'gives an event once for each item that it matches': (next) => ({
    async readAll({ query, ...page }) {
      if (!query) return next.readAll(page);
      const found = await Promise.all(query.map((item) => next.readAll({ ...page, query: [item] })));
      return found
        .flat()
        .sort((a, b) => a.position - b.position)
        .slice(0, page.limit);
    },
  }),
  'gives what matches item by item': (next) => ({
    async readAll({ query, ...page }) {
      if (!query) return next.readAll(page);
      const found = await Promise.all(query.map((item) => next.readAll({ ...page, query: [item] })));
      const distinct = new Map(found.flat().map((event) => [event.id, event]));
      return [...distinct.values()].slice(0, page.limit);
    },
  }),
  'forgets the position where it reads by a query': (next) => ({
    readAll: (page) => next.readAll(page.query ? { ...page, after: 0 } : page),
  }),
  'matches beginnings of types': (next) => ({
    async readAll({ query, ...page }) {
      if (!query) return next.readAll(page);
      const all = await next.readAll({ after: page.after, limit: 100_000 });
      const begins = (type: string, types: readonly string[]) => types.some((begin) => type.startsWith(begin));
      return all
        .filter((event) =>
          query.some(
            ({ types, tags }) =>
              (!types ||
                begins(
                  event.type.toUpperCase(),
                  types.map((type) => type.slice(0, 1).toUpperCase()),
                )) &&
              (!tags || tags.every((tag) => event.tags.includes(tag))),
          ),
        )
        .slice(0, page.limit);
    },
  }),
  'drops tags': eventsBy((event) => ({ ...event, tags: [] })),
  'keeps the first 10 tags': eventsBy((event) => ({ ...event, tags: event.tags.slice(0, 10) })),
  'folds the case of tags': eventsBy((event) => ({ ...event, tags: folded(event.tags) })),
  'normalizes tags': eventsBy((event) => ({ ...event, tags: event.tags.map((tag) => tag.normalize('NFC')) })),
  'splits tags at commas': eventsBy((event) => ({ ...event, tags: event.tags.flatMap((tag) => tag.split(',')) })),
  'sorts tags as people do': eventsBy((event) => ({
    ...event,
    tags: event.tags.toSorted((a, b) => a.localeCompare(b, 'en')),
  })),
  'finds events with the tags of all of their append': (next) => ({
    append: (batches, options) =>
      next.append(
        batches.map((batch) => {
          const tags = [...new Set(batch.events.flatMap((event) => event.tags))].sort();
          return { ...batch, events: batch.events.map((event) => ({ ...event, tags })) };
        }),
        options,
      ),
  }),
  'forgets the tags of events that are stored already': outcomesBy((outcome) =>
    outcome.status === 'existing'
      ? { ...outcome, events: outcome.events.map((event) => ({ ...event, tags: [] })) }
      : outcome,
  ),
};

export const conditionMutants: Mutants = {
  ...Object.fromEntries(
    Object.entries(misreadings).map(([title, change]) => [
      `${title} of a condition`,
      conditionsBy(({ failIfEventsMatch, after }) => ({ failIfEventsMatch: change(failIfEventsMatch), after })),
    ]),
  ),
  'ignores conditions': conditionsBy(() => undefined),
  'looks at all events for a condition': conditionsBy((condition) => ({ ...condition, after: 0 })),
  'includes the position a condition is after': conditionsBy((condition) => ({
    ...condition,
    after: condition.after - 1,
  })),
  'misses the first event behind the position of a condition': conditionsBy((condition) => ({
    ...condition,
    after: condition.after + 1,
  })),
  'ignores conditions where a version is expected': (next) => ({
    append: (batches, options = {}) =>
      next.append(batches, batches[0]!.expectedVersion === 'any' ? options : { ...options, condition: undefined }),
  }),
  'ignores expected versions where there is a condition': (next) => ({
    append: (batches, options = {}) =>
      next.append(options.condition ? batches.map((b) => ({ ...b, expectedVersion: 'any' })) : batches, options),
  }),
  'looks at the streams of the append only for a condition': (next) => ({
    async append(batches, options = {}) {
      const outcome = await next.append(batches, options);
      if (outcome.status !== 'matched') return outcome;
      const [match] = await next.readAll({ after: outcome.position - 1, limit: 1 });
      const own = batches.some(({ stream }) => stream === match?.stream);
      return own ? outcome : next.append(batches, { ...options, condition: undefined });
    },
  }),
  'tells the last position that matches': (next) => ({
    async append(batches, options = {}) {
      const outcome = await next.append(batches, options);
      if (outcome.status !== 'matched' || !options.condition) return outcome;
      const { after, failIfEventsMatch: query } = options.condition;
      const found = await next.readAll({ after, limit: 10_000, query });
      return { status: 'matched', position: found.at(-1)!.position };
    },
  }),
  'writes what a condition refuses': (next) => ({
    async append(batches, options = {}) {
      const outcome = await next.append(batches, options);
      if (outcome.status === 'matched') await next.append(batches);
      return outcome;
    },
  }),
  'holds its own events against a condition': (next) => ({
    async append(batches, options = {}) {
      const { failIfEventsMatch: query = [] } = options.condition ?? {};
      const own = batches.some(({ events }) =>
        events.some(({ type, tags }) =>
          query.some((item) => item.types?.includes(type) && item.tags?.every((tag) => tags.includes(tag))),
        ),
      );
      return own ? { status: 'matched', position: 0 } : next.append(batches, options);
    },
  }),
};

/** Looks whether a condition holds, and appends a moment later: by `part` only, the rest as it should be. */
const late =
  (isLate: (condition: AppendCondition) => boolean): Mutant =>
  (next) => ({
    async append(batches, options = {}) {
      const { condition } = options;
      if (!condition || !isLate(condition)) return next.append(batches, options);
      const page = { after: condition.after, limit: 1, query: condition.failIfEventsMatch };
      const [match] = await next.readAll(page);
      if (match) return { status: 'matched', position: match.position };
      await pause();
      return next.append(batches, { ...options, condition: undefined });
    },
  });

export const conditionRaceMutants: Mutants = {
  'checks conditions first and writes later': late(() => true),
  'locks no types for conditions': late(({ failIfEventsMatch: [item] }) => item?.types !== undefined && !item.tags),
  'locks no tags for conditions': late(({ failIfEventsMatch: [item] }) => item?.tags !== undefined && !item.types),
  'locks nothing for conditions on types with tags': late(
    ({ failIfEventsMatch: [item] }) => item?.tags !== undefined && item.types !== undefined,
  ),
  'locks nothing for conditions on several tags': late(
    ({ failIfEventsMatch: [item] }) => (item?.tags?.length ?? 0) > 1,
  ),
  'locks nothing for conditions of several items': late(({ failIfEventsMatch }) => failIfEventsMatch.length > 1),
  'locks nothing for conditions on all events': late(({ failIfEventsMatch: [item] }) => !item?.tags && !item?.types),
  'refuses appends that race, whatever their conditions': (next) => {
    let busy = 0;
    return {
      async append(batches, options = {}) {
        if (options.condition && busy > 0) return { status: 'matched', position: 1 };
        busy++;
        await pause();
        busy--;
        return next.append(batches, options);
      },
    };
  },
  'appends without a condition beside one that is being looked at': (next) => {
    let looking: Promise<unknown> = Promise.resolve();
    return {
      append(batches, options = {}) {
        if (!options.condition) return next.append(batches, options);
        const { condition } = options;
        const turn = looking.then(async () => {
          const page = { after: condition.after, limit: 1, query: condition.failIfEventsMatch };
          const [match] = await next.readAll(page);
          if (match) return { status: 'matched' as const, position: match.position };
          await pause();
          return next.append(batches, { ...options, condition: undefined });
        });
        looking = turn.catch(() => {});
        return turn;
      },
    };
  },
};
