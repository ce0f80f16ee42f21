import fc from 'fast-check';
import type { ExpectedVersion } from '../../../src/core/expected-version.ts';

// Few names, so that commands meet. Positions and revisions are chosen among those that were given out, by their number
// from the last one backwards: 0 is the last.
const stream = fc.constantFrom('a', 'b', 'c');
const type = fc.constantFrom('T', 'U', 'V');
const tags = fc.subarray(['x', 'y', 'z']);
const back = fc.nat(6);
const limit = fc.constantFrom(1, 2, 3, 100);
const version = fc.nat(8);
const expectedVersion = fc.oneof(
  { weight: 4, arbitrary: fc.constant<ExpectedVersion>('any') },
  { weight: 1, arbitrary: fc.constantFrom<ExpectedVersion>('no_stream', 'stream_exists') },
  { weight: 2, arbitrary: version as fc.Arbitrary<ExpectedVersion> },
);

const queryItem = fc
  .record({ types: fc.option(fc.subarray(['T', 'U', 'V'], { minLength: 1 })), tags: fc.option(tags) })
  .map(({ types, tags }) => ({ ...(types && { types }), ...(tags?.length && { tags }) }));
const query = fc.array(queryItem, { minLength: 1, maxLength: 3 });

const event = fc.record({ id: fc.nat(40), type, tags, data: fc.constantFrom('1', '"\\u0000"', '{"a":[]}') });
const batch = fc.record({ stream, expectedVersion, events: fc.array(event, { minLength: 1, maxLength: 3 }) });
const batches = fc.uniqueArray(batch, { minLength: 1, maxLength: 3, selector: (each) => each.stream }).filter((all) => {
  const ids = all.flatMap(({ events }) => events.map(({ id }) => id));
  return new Set(ids).size === ids.length;
});
const within = fc.option(fc.constantFrom('works', 'throws'), { freq: 6 });

const adapterCommand = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append'),
      batches,
      condition: fc.option(fc.record({ query, back })),
      within,
    }),
  },
  fc.record({
    do: fc.constant('readStream'),
    stream,
    from: version,
    to: fc.oneof(version, fc.constant(Number.MAX_SAFE_INTEGER)),
    limit,
    direction: fc.constantFrom('forward', 'backward'),
  }),
  fc.record({ do: fc.constant('readAll'), back, limit, query: fc.option(query) }),
  fc.record({ do: fc.constant('streamVersion'), stream }),
  fc.record({ do: fc.constant('lastPosition') }),
  fc.record({ do: fc.constant('listStreams'), after: fc.option(stream), limit }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate'), stream, before: version }) },
  fc.record({ do: fc.constant('delete'), stream, expectedVersion }),
  fc.record({
    do: fc.constant('importEvents'),
    events: fc.array(
      fc.record({
        stream,
        id: fc.nat(60),
        type,
        tags,
        // Mostly what fits.
        skipped: fc.constantFrom(0, 0, 0, 0, 1, -1),
        gap: fc.constantFrom(1, 1, 1, 3, 0),
      }),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    do: fc.constant('importStream'),
    stream,
    version,
    truncated: version,
    deleted: fc.boolean(),
  }),
  fc.record({ do: fc.constant('saveSnapshot'), stream, name: fc.constantFrom('f', 'g'), version }),
  fc.record({ do: fc.constant('loadSnapshot'), stream, name: fc.constantFrom('f', 'g') }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('saveCheckpoint'),
      name: fc.constantFrom('p', 'pq', 'r'),
      position: version,
      expected: fc.option(fc.constantFrom('none', 'last', 'earlier')),
      within,
    }),
  },
  fc.record({ do: fc.constant('loadCheckpoint'), name: fc.constantFrom('p', 'pq', 'r') }),
  fc.record({ do: fc.constant('listCheckpoints'), prefix: fc.constantFrom('', 'p', 'pq', 's') }),
  fc.record({ do: fc.constant('deleteCheckpoint'), name: fc.constantFrom('p', 'pq', 'r') }),
);

/** A command to an event adapter, in names and numbers that mean the same on each. */
export type AdapterCommand = typeof adapterCommand extends fc.Arbitrary<infer C> ? C : never;

export const adapterCommands = fc.array(adapterCommand, { minLength: 1, maxLength: 30, size: 'max' });
