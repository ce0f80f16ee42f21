import assert from 'node:assert/strict';
import { isMigrationError } from '../../core/errors.ts';
import type { EventAdapter, StoredEvent } from '../../events/event-adapter.ts';
import {
  appended,
  appendedWith,
  assertConflict,
  assertDeleted,
  batch,
  type CaseContext,
  type DefineCase,
  event,
  events,
  idsOf,
  info,
  infoOf,
  infosOf,
  range,
  readAllOf,
  readStream,
  streamOf,
  versionsOf,
} from './case.ts';

export function importCases(define: DefineCase): void {
  define('ES7 imported events come back as they were, with their versions and positions', async (context) => {
    const { adapter, other } = context;
    const [one, two] = [context.name('one'), context.name('two')];
    const start = await end(context);
    const fields = { metadata: '{"by":"한"}', encoding: 'gzip', data: 'H4sI', timestamp: -5, tags: ['a', 'b'] };
    const imported = [
      stored(one, 1, start + 1, fields),
      stored(two, 1, start + 5),
      stored(one, 2, start + 6),
      stored(one, 3, start + 40),
    ];
    await adapter.importEvents(imported);
    assert.deepEqual(plain(await readAllOf(other, [one, two], start)), imported);
    assert.deepEqual(plain(await readStream(other, two)), [imported[1]]);
    assert.deepEqual([await other.streamVersion(one), await other.streamVersion(two)], [3, 1]);
    assert.equal(await other.lastPosition(), start + 40);
    assert.deepEqual(await infoOf(other, one), info(one, 3));
  });

  define('appends go on behind what was imported', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const start = await end(context);
    await adapter.importEvents([stored(stream, 1, start + 10), stored(stream, 2, start + 1000)]);
    assertConflict(await other.append([batch(stream, 1, 0)]), stream, 2);
    for (const version of [3, 4]) {
      const [result] = await appended(other, batch(stream, 1, version - 1));
      assert.equal(result?.version, version);
      assert.ok(result.position > start + 1000, `${result.position} is not behind ${start + 1000}`);
    }
  });

  define('imported events are queried and matched by conditions', async (context) => {
    const { adapter, other } = context;
    const [stream, type, tags] = [context.name('stream'), context.name('type'), [context.name('tag')]];
    const start = await end(context);
    await adapter.importEvents([stored(stream, 1, start + 2, { type, tags }), stored(stream, 2, start + 3)]);
    for (const query of [[{ types: [type] }], [{ tags }], [{ types: [type], tags }]]) {
      assert.deepEqual(
        (await other.readAll({ after: start, limit: 9, query })).map(({ position }) => position),
        [start + 2],
      );
      const outcome = await other.append([batch(stream)], { condition: { failIfEventsMatch: query, after: start } });
      assert.deepEqual({ ...outcome }, { status: 'matched', position: start + 2 });
      const condition = { failIfEventsMatch: query, after: start + 2 };
      await appendedWith(other, { condition }, batch(stream));
    }
  });

  define('ES4 the ids of imported events are taken', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const imported = stored(stream, 1, (await end(context)) + 1);
    await adapter.importEvents([imported]);
    const outcome = await other.append([batch(context.name('other'), [event({ id: imported.id })])]);
    assert.deepEqual(outcome.status === 'existing' && plain(outcome.events), [imported]);
  });

  define('a stream that is there already goes on with what is imported', async (context) => {
    const { adapter } = context;
    const stream = await streamOf(context, 2);
    const start = await end(context);
    await adapter.importEvents([stored(stream, 3, start + 1), stored(stream, 4, start + 2)]);
    assert.deepEqual(versionsOf(await readStream(adapter, stream)), [1, 2, 3, 4]);
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 4));
  });

  define('a stream may begin above version 1, and is truncated below', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const start = await end(context);
    await adapter.importEvents([stored(stream, 5, start + 1), stored(stream, 6, start + 2)]);
    assert.deepEqual(versionsOf(await readStream(other, stream)), [5, 6]);
    assert.equal(await other.streamVersion(stream), 6);
    assert.deepEqual(await infoOf(other, stream), info(stream, 6, 5));
    await appended(other, batch(stream, 1, 6));
  });

  define('a stream that was truncated as a whole goes on where it was', async (context) => {
    const { adapter } = context;
    const stream = await streamOf(context, 3, { truncatedBefore: 4 });
    const start = await end(context);
    await refuses(adapter, [stored(stream, 6, start + 1)]);
    await adapter.importEvents([stored(stream, 4, start + 1)]);
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 4, 4));
  });

  define('nothing imported is nothing done', async (context) => {
    const { adapter } = context;
    const before = await adapter.lastPosition();
    await adapter.importEvents([]);
    await adapter.importStreams([]);
    assert.equal(await adapter.lastPosition(), before);
  });

  define('a thousand events are imported at once', async (context) => {
    const { adapter, other } = context;
    const streams = range(0, 9).map((n) => context.name(`stream ${n}`));
    const start = await end(context);
    const imported = range(0, 999).map((n) => {
      return stored(streams[n % 10]!, 1 + Math.floor(n / 10), start + 1 + n, {
        tags: n % 2 ? [context.name('odd')] : [],
      });
    });
    await adapter.importEvents(imported);
    assert.deepEqual(idsOf(await readAllOf(other, streams, start)), idsOf(imported));
    const odd = await other.readAll({ after: start, limit: 1000, query: [{ tags: [context.name('odd')] }] });
    assert.equal(odd.length, 500);
    for (const stream of streams) assert.equal(await other.streamVersion(stream), 100);
  });

  const refused: [string, (context: CaseContext, start: number) => Promise<StoredEvent[]>][] = [
    [
      'a position that is taken',
      async ({ adapter, name }, start) => {
        const [result] = await appended(adapter, batch(name('there')));
        assert.ok(result!.position >= start);
        return [stored(name('stream'), 1, result!.position)];
      },
    ],
    ['a position before what is stored', async ({ name }, start) => [stored(name('stream'), 1, start - 1)]],
    [
      'a position that an event had which was removed',
      async ({ adapter, name }) => {
        const [result] = await appended(adapter, batch(name('there')));
        await adapter.deleteStream(name('there'), 'any');
        return [stored(name('stream'), 1, result!.position)];
      },
    ],
    [
      'the same position twice',
      async ({ name }, start) => [stored(name('stream'), 1, start + 1), stored(name('stream'), 2, start + 1)],
    ],
    [
      'positions that go back',
      async ({ name }, start) => [stored(name('stream'), 1, start + 2), stored(name('other'), 1, start + 1)],
    ],
    [
      'an id that is stored',
      async ({ adapter, name }, start) => {
        const known = event();
        await appended(adapter, batch(name('there'), [known]));
        return [stored(name('stream'), 1, start + 10), stored(name('stream'), 2, start + 11, { id: known.id })];
      },
    ],
    [
      'an id that comes twice',
      async ({ name }, start) => {
        const first = stored(name('stream'), 1, start + 1);
        return [first, stored(name('other'), 1, start + 2, { id: first.id })];
      },
    ],
    [
      'a version that is stored',
      async (context, start) => {
        await streamOf(context, 2);
        return [stored(context.name('other'), 1, start + 10), stored(context.name('stream'), 2, start + 11)];
      },
    ],
    [
      'a gap behind the versions that are stored',
      async (context, start) => {
        await streamOf(context, 2);
        return [stored(context.name('other'), 1, start + 10), stored(context.name('stream'), 4, start + 11)];
      },
    ],
    [
      'a gap between versions',
      async ({ name }, start) => [stored(name('stream'), 1, start + 1), stored(name('stream'), 3, start + 2)],
    ],
    [
      'versions that go back',
      async ({ name }, start) => [stored(name('stream'), 2, start + 1), stored(name('stream'), 1, start + 2)],
    ],
    [
      'an event of a stream that was deleted',
      async (context, start) => {
        await streamOf(context, 2, { deleted: true });
        return [stored(context.name('other'), 1, start + 10), stored(context.name('stream'), 3, start + 11)];
      },
    ],
  ];
  for (const [title, make] of refused) {
    define(`ES1 an import with ${title} is refused as a whole`, async (context) => {
      const { adapter, other } = context;
      const start = await end(context);
      const imported = await make(context, start);
      const streams = ['stream', 'other', 'there'].map(context.name);
      const state = async () => [
        await other.lastPosition(),
        await infosOf(other, streams),
        plain(await readAllOf(other, streams, start - 2)),
      ];
      const before = await state();
      await refuses(adapter, imported);
      assert.deepEqual(await state(), before);
      await appended(adapter, batch(context.name('later')));
    });
  }

  for (const [title, made, given, becomes] of [
    ['that is not there', 0, [4, 5, false], [4, 5, false]],
    ['that is not there, deleted', 0, [4, 5, true], [4, 5, true]],
    ['that is not there and never was, deleted', 0, [0, 1, true], [0, 1, true]],
    ['at the same version, truncated', 4, [4, 3, false], [4, 3, false]],
    ['at the same version, truncated as a whole', 4, [4, 5, false], [4, 5, false]],
    ['at the same version, deleted', 4, [4, 5, true], [4, 5, true]],
    ['at the same version, as it is', 4, [4, 1, false], [4, 1, false]],
    ['that is behind', 4, [7, 3, false], [7, 8, false]],
    ['that is ahead, truncated', 4, [2, 2, false], [4, 2, false]],
    ['that is ahead, deleted', 4, [2, 3, true], [4, 5, true]],
  ] as [string, number, [number, number, boolean], [number, number, boolean]][]) {
    define(`a stream ${title}, is taken over: ${given.slice(0, 2).join(' from ')}`, async (context) => {
      const { adapter, other } = context;
      const [stream, beside] = [await streamOf(context, made), context.name('beside')];
      await appended(adapter, batch(beside, 2));
      await adapter.importStreams([info(stream, ...given), info(beside, 2)]);
      const [version, first, deleted] = becomes;
      assert.deepEqual(await infosOf(other, [stream, beside]), [info(stream, ...becomes), info(beside, 2)]);
      assert.equal(await other.streamVersion(stream), version);
      assert.deepEqual(versionsOf(await readStream(other, stream)), range(first, version));
      const outcome = await other.append([batch(stream, 1, version)]);
      if (deleted) assertDeleted(outcome, stream);
      else assert.equal(outcome.status === 'appended' && outcome.batches[0]?.version, version + 1);
    });
  }

  for (const version of [0, 3, 4, 9]) {
    define(`a stream that was deleted here stays deleted, taken over at ${version}`, async (context) => {
      const { adapter, other } = context;
      const stream = await streamOf(context, 3, { deleted: true });
      await adapter.importStreams([info(stream, version)]);
      const reached = Math.max(3, version);
      assert.deepEqual(await infoOf(other, stream), info(stream, reached, reached + 1, true));
      assertDeleted(await other.append([batch(stream)]), stream);
    });
  }

  define('a whole store is another one’s after an import of its events and its streams', async (context) => {
    const { adapter, other } = context;
    const [whole, cut, empty, gone] = ['whole', 'cut', 'empty', 'gone'].map(context.name);
    const start = await end(context);
    const imported = [
      stored(whole!, 1, start + 1),
      stored(cut!, 3, start + 2),
      stored(whole!, 2, start + 5),
      stored(cut!, 4, start + 9),
    ];
    await adapter.importEvents(imported);
    const streams = [info(whole!, 2), info(cut!, 4, 3), info(empty!, 6, 7), info(gone!, 3, 4, true)];
    await adapter.importStreams(streams);
    assert.deepEqual(plain(await readAllOf(other, [whole!, cut!, empty!, gone!], start)), imported);
    assert.deepEqual(
      await infosOf(
        other,
        streams.map(({ stream }) => stream),
      ),
      streams,
    );
    await appended(other, batch(empty!, 1, 6), batch(cut!, 1, 4));
    assertDeleted(await other.append([batch(gone!)]), gone!);
  });

  define('imports and appends that race get positions of their own', async (context) => {
    const { adapter, other } = context;
    const [stream, foreign] = [context.name('stream'), context.name('foreign')];
    const start = await end(context);
    const appends = range(1, 8).map((n) => appended(n % 2 ? adapter : other, batch(stream, events(2))));
    const importing = adapter.importEvents([stored(foreign, 1, start + 100_000), stored(foreign, 2, start + 100_001)]);
    await Promise.all([importing, ...appends]);
    const all = await readAllOf(other, [stream, foreign], start);
    assert.equal(all.length, 18);
    assert.deepEqual(versionsOf(all.filter((each) => each.stream === stream)), range(1, 16));
    assert.deepEqual(versionsOf(all.filter((each) => each.stream === foreign)), [1, 2]);
  });
}

/** A position behind all that were given out. */
async function end({ adapter, name }: CaseContext): Promise<number> {
  const [result] = await appended(adapter, batch(name('end of what was there')));
  return result!.position;
}

function stored(stream: string, version: number, position: number, fields: Partial<StoredEvent> = {}): StoredEvent {
  return { ...event(), ...fields, stream, version, position };
}

function plain(found: readonly StoredEvent[]): StoredEvent[] {
  return found.map((each) => ({ ...each, tags: [...each.tags] }));
}

async function refuses(adapter: EventAdapter, imported: readonly StoredEvent[]): Promise<void> {
  const outcome = await adapter.importEvents(imported).then(
    () => 'taken over',
    (error: unknown) => error,
  );
  assert.ok(isMigrationError(outcome, 'INVALID_ARGUMENT'), `expected an InvalidArgumentError, not ${String(outcome)}`);
}
