import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { MemoryKeyStore } from '../../src/adapters/memory/memory-key-store.ts';
import type { JsonValue } from '../../src/core/json-value.ts';
import { AesGcmEncryption } from '../../src/events/aes-gcm-encryption.ts';
import { defineEvents, type Upcaster } from '../../src/events/event-registry.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { anything } from '../events/schemas.ts';
import { runs } from './runs.ts';

// JSON has no -0: text in between takes it away.
const jsonValue = fc
  .jsonValue({ depthSize: 'medium', stringUnit: 'binary' })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

const history = {
  initial: (): unknown[] => [],
  evolve: (state: unknown[], event: RecordedEvent) => [...state, view(event)],
};
const view = ({ data, shredded }: RecordedEvent) => (shredded ? 'gone' : { data });
const always = { shouldSnapshot: () => true };

describe('events that evolve', () => {
  it('ES8 ES9 upcasters compose from whatever version was stored, rewrite nothing, and outdate snapshots', async () => {
    const types = ['a', 'b'] as const;
    const step = fc.oneof(
      fc.record({ append: fc.constantFrom(...types) }),
      fc.record({ raise: fc.constantFrom(...types) }),
      fc.constant({ fold: true as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const adapter = new MemoryEventAdapter();
        const versions = { a: 1, b: 1 };
        const appended: { type: 'a' | 'b'; version: number }[] = [];
        const open = () => {
          const definition = (type: 'a' | 'b') => ({
            schema: anything,
            version: versions[type],
            upcasters: Object.fromEntries(
              Array.from({ length: versions[type] - 1 }, (_, index): [number, Upcaster] => [
                index + 1,
                (data: unknown) => [...(data as string[]), `${type}${index + 1}`],
              ]),
            ),
          });
          const registry = defineEvents({ a: definition('a'), b: definition('b') });
          return new EventStore({ adapter, registry, snapshotStrategy: always });
        };
        // An event of version v has been through every upcaster from v on.
        const expected = () =>
          appended.map(({ type, version }) => ({
            data: [
              `stored as ${version}`,
              ...Array.from({ length: versions[type] - version }, (_, index) => `${type}${version + index}`),
            ],
          }));
        let store = open();
        for (const taken of steps) {
          if ('append' in taken) {
            const { append: type } = taken;
            await store.append('s', [{ type, data: [`stored as ${versions[type]}`] }]);
            appended.push({ type, version: versions[type] });
          } else if ('raise' in taken) {
            versions[taken.raise]++;
            store = open();
          } else {
            expect((await store.aggregateStream('s', { ...history, name: 'history' })).state).toEqual(expected());
            await nextTurn();
          }
        }
        expect((await store.read('s').toArray()).map(view)).toEqual(expected());
        const stored = await adapter.readAll({ after: 0, limit: 100 });
        expect(stored.map(({ data }) => data)).toEqual(appended.map(({ version }) => `["stored as ${version}"]`));
      }),
      runs(200),
    );
  });

  it('ES7 every JSON value comes back equal through every algorithm and encryption', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(jsonValue, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(undefined, 'gzip' as const, 'brotli' as const),
        fc.boolean(),
        async (values, compression, encrypted) => {
          const keys = new MemoryKeyStore();
          const store = new EventStore({
            adapter: new MemoryEventAdapter(),
            compressionThresholdBytes: 16,
            ...(compression && { compression }),
            ...(encrypted && { encryption: new AesGcmEncryption({ keys }) }),
          });
          const events = values.map((data, index) => ({ id: `${index}`, type: 't', data }));
          const first = await store.append('s', events);
          expect((await store.read('s').toArray()).map(({ data }) => data)).toEqual(values);
          expect(await store.append('s', events)).toEqual(first);
        },
      ),
      runs(150),
    );
  });

  it('ES8 what was forgotten stays gone, and what came after stays readable, with snapshots as without', async () => {
    const streams = ['ann/1', 'ann/2', 'bob/1'] as const;
    const subjectOf = (stream: string) => stream.split('/')[0]!;
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ append: fc.constantFrom(...streams) }) },
      { weight: 2, arbitrary: fc.record({ fold: fc.constantFrom(...streams) }) },
      { weight: 1, arbitrary: fc.record({ forget: fc.constantFrom('ann', 'bob', 'nobody') }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, cached) => {
        const adapter = new MemoryEventAdapter();
        const keys = new MemoryKeyStore();
        const open = () => {
          const encryption = new AesGcmEncryption({ keys, subjectOf });
          return { encryption, store: new EventStore({ adapter, encryption, snapshotStrategy: always }) };
        };
        let { encryption, store } = open();
        const model = new Map<string, unknown[]>(streams.map((stream) => [stream, []]));
        let count = 0;
        for (const taken of steps) {
          if (!cached) ({ encryption, store } = open());
          if ('append' in taken) {
            await store.append(taken.append, [{ type: 't', data: ++count }]);
            model.get(taken.append)!.push({ data: count });
          } else if ('forget' in taken) {
            await encryption.forget(taken.forget);
            for (const [stream, events] of model) if (subjectOf(stream) === taken.forget) events.fill('gone');
          } else {
            const { fold: stream } = taken;
            const { state } = await store.aggregateStream(stream, { ...history, name: 'history' });
            expect(state).toEqual(model.get(stream));
            await nextTurn();
          }
        }
        for (const [stream, events] of model) {
          expect((await store.read(stream).toArray()).map(view)).toEqual(events);
          expect((await store.aggregateStream(stream, { ...history, name: 'history' })).state).toEqual(events);
        }
      }),
      runs(200),
    );
  });
});
