import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { EncodedEvent, EventAdapter } from '../../src/events/event-adapter.ts';
import { runs } from '../invariants/runs.ts';

const event = (id: string): EncodedEvent => ({
  id,
  type: 't',
  data: '1',
  encoding: 'json',
  metadata: '{}',
  timestamp: 0,
  tags: [],
});

const stream = fc.constantFrom('a', 'b', 'c');
/** The last but so many of the ids that were used. */
const again = fc.array(fc.nat(6), { maxLength: 2 });
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), stream, made: fc.nat(3), again }) },
  fc.record({ kind: fc.constant('truncate'), stream, before: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('delete'), stream }),
  fc.record({ kind: fc.constant('read'), stream }),
  fc.record({ kind: fc.constant('import'), stream, behind: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('reach'), stream, version: fc.nat(8) }),
);

const everything = { from: 1, to: Number.MAX_SAFE_INTEGER, limit: 1000, direction: 'forward' } as const;

/** All there is, in one page each; reading makes lists of all streams. */
async function contents(adapter: EventAdapter) {
  const streams = await adapter.listStreams({ limit: 1000 });
  return {
    streams,
    events: await Promise.all(streams.map((each) => adapter.readStream({ stream: each.stream, ...everything }))),
    all: await adapter.readAll({ after: 0, limit: 1000 }),
    last: await adapter.lastPosition(),
  };
}

it('ES4 what is put off until somebody looks changes nothing: lists of streams, ids that were made for an append', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
      const lazy = new MemoryEventAdapter();
      const eager = new MemoryEventAdapter();
      const used: string[] = [];
      const made = () => {
        used.push(`${used.length}`);
        return used.at(-1)!;
      };
      const both = async (run: (adapter: EventAdapter) => Promise<unknown>) => {
        const [one, other] = [lazy, eager].map((adapter) => run(adapter).catch(String));
        expect(await one).toEqual(await other);
      };
      for (const each of commands) {
        const { stream } = each;
        switch (each.kind) {
          case 'append': {
            const known = [...new Set(each.again.flatMap((back) => used.at(-1 - back) ?? []))];
            const ids = [...known, ...Array.from({ length: each.made }, made)];
            if (ids.length === 0) break;
            const batch = { stream, expectedVersion: 'any', events: ids.map(event) } as const;
            await both((adapter) => adapter.append([{ ...batch, idsAreNew: adapter === lazy && known.length === 0 }]));
            break;
          }
          case 'truncate':
            await both((adapter) => adapter.truncateStream(stream, each.before));
            break;
          case 'delete':
            await both((adapter) => adapter.deleteStream(stream, 'any'));
            break;
          case 'read':
            await both((adapter) => adapter.readStream({ stream, ...everything }));
            break;
          case 'import': {
            const version = (await eager.streamVersion(stream)) + 1;
            const position = (await eager.lastPosition()) + each.behind;
            const imported = { ...event(made()), stream, version, position };
            await both((adapter) => adapter.importEvents([imported]));
            break;
          }
          case 'reach':
            await both((adapter) =>
              adapter.importStreams([{ stream, version: each.version, firstVersion: 1, deleted: false }]),
            );
            break;
        }
        await contents(eager);
      }
      expect(await contents(lazy)).toEqual(await contents(eager));
    }),
    runs(500),
  );
});
