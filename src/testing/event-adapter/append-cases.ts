import assert from 'node:assert/strict';
import {
  appended,
  batch,
  type DefineCase,
  event,
  events,
  idsOf,
  range,
  readAllOf,
  readStream,
  versionsOf,
} from './case.ts';
import { difficultNames } from './difficult-names.ts';

/** Payload texts, as a codec makes them. */
const difficultPayloads = [
  'null',
  '""',
  '"\\u0000"',
  '"\\ud83d\\ude00 😀"',
  '{"__proto__":{"polluted":true},"":0}',
  '"it\'s \\"quoted\\" \\\\ {} , NULL"',
  '"\\n\\r\\t"',
  `"${'x'.repeat(100_000)}"`,
  `"${'가'.repeat(10_000)}"`,
];

export function appendCases(define: DefineCase): void {
  define('ES1 the events of an append get consecutive versions from 1 on, and growing positions', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const before = await adapter.lastPosition();
    const [first] = await appended(adapter, batch(stream, 3));
    const [second] = await appended(other, batch(stream, 2));
    assert.deepEqual([first?.version, second?.version], [3, 5]);
    const stored = await readStream(adapter, stream);
    assert.deepEqual(versionsOf(stored), [1, 2, 3, 4, 5]);
    const positions = stored.map(({ position }) => position);
    assert.ok(positions[0]! > before, 'positions begin behind what was there');
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(positions).size, 5);
    assert.deepEqual([first?.position, second?.position], [positions[2], positions[4]]);
  });

  define('ES1 an append to several streams gives one result each, in the order asked for', async (context) => {
    const { adapter } = context;
    const streams = ['m', 'z', 'a'].map((what) => context.name(what));
    await appended(adapter, batch(streams[1]!, 4));
    const before = await adapter.lastPosition();
    const results = await appended(adapter, batch(streams[0]!, 1), batch(streams[1]!, 2, 4), batch(streams[2]!, 3, 0));
    assert.deepEqual(
      results.map(({ version }) => version),
      [1, 6, 3],
    );
    const stored = await readAllOf(adapter, streams, before);
    assert.deepEqual(
      stored.map(({ stream, version }) => [streams.indexOf(stream), version]),
      [
        [0, 1],
        [1, 5],
        [1, 6],
        [2, 1],
        [2, 2],
        [2, 3],
      ],
      'positions go along the batches',
    );
    assert.deepEqual(
      results.map(({ position }) => position),
      [0, 2, 5].map((index) => stored[index]?.position),
    );
  });

  define('ES1 a conflict in any stream leaves all streams as they were', async (context) => {
    const { adapter } = context;
    const streams = range(1, 3).map((n) => context.name(`stream ${n}`));
    for (const stream of streams) await appended(adapter, batch(stream, 2));
    for (const wrong of range(0, 2)) {
      const batches = streams.map((stream, index) => batch(stream, 2, index === wrong ? 7 : 2));
      const outcome = await adapter.append(batches);
      assert.deepEqual({ ...outcome }, { status: 'conflict', stream: streams[wrong], actualVersion: 2 });
      for (const stream of streams) {
        assert.equal(await adapter.streamVersion(stream), 2);
        assert.equal((await readStream(adapter, stream)).length, 2);
      }
      const again = batches.map((each) => ({ ...each, stream: `${each.stream} ${wrong}`, expectedVersion: 0 }));
      await appended(adapter, ...again);
    }
  });

  define('ES1 a stream that a failed append would have made does not exist', async (context) => {
    const { adapter } = context;
    const [made, missing] = [context.name('made'), context.name('missing')];
    await adapter.append([batch(made, 1, 'no_stream'), batch(missing, 1, 'stream_exists')]);
    assert.equal(await adapter.streamVersion(made), 0);
    const outcome = await adapter.append([batch(made, 1, 'stream_exists')]);
    assert.deepEqual({ ...outcome }, { status: 'conflict', stream: made, actualVersion: 0 });
  });

  define('ES1 a thousand events in one append stay together and in order', async (context) => {
    const { adapter } = context;
    const stream = context.name('long');
    const content = events(1000);
    const [result] = await appended(adapter, batch(stream, content));
    assert.equal(result?.version, 1000);
    assert.deepEqual(idsOf(await readStream(adapter, stream)), idsOf(content));
  });

  define('ES7 every field comes back as it was given', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('fields');
    const content = [
      ...difficultPayloads.map((data) => event({ data })),
      event({ encoding: 'gzip', data: 'H4sIAAAAAAAA/6tWKkktLlGyUlAqS8wpTVWqBQBLFD8ZEQAAAA==' }),
      event({ encoding: 'one of yours' }),
      event({ metadata: '{"by":"\\u0000 \'한\'"}' }),
      event({ timestamp: 8.64e15 }),
      event({ timestamp: -62135596800000 }),
      event({ timestamp: 1_700_000_000_123 }),
    ];
    await appended(adapter, batch(stream, content));
    const stored = await readStream(other, stream);
    const expected = content.map((fields, index) => {
      const position = stored[index]?.position;
      return { ...fields, stream, version: index + 1, position };
    });
    assert.deepEqual(
      stored.map((each) => ({ ...each })),
      expected,
    );
  });

  define('ES11 any name is a stream, a type and an id of its own', async (context) => {
    const { adapter, other } = context;
    const names = difficultNames.map((name) => context.name(name));
    names.push(`${context.name('long')}${'가'.repeat(150)}`, context.name('case'), context.name('CASE'));
    for (const name of names) await appended(adapter, batch(name, [event({ id: name, type: name })], 'no_stream'));
    for (const name of names) {
      const [stored, ...more] = await readStream(other, name);
      assert.deepEqual([stored?.stream, stored?.type, stored?.id, more.length], [name, name, name, 0]);
      assert.equal(await other.streamVersion(name), 1);
    }
    const found = await readAllOf(other, names);
    assert.deepEqual(
      found.map(({ stream }) => stream),
      names,
    );
  });

  define('what the caller does to his objects after the append changes nothing', async (context) => {
    const { adapter } = context;
    const stream = context.name('mutable');
    const given = { ...event() };
    const content = [given];
    const { id } = given;
    await appended(adapter, batch(stream, content));
    Object.assign(given, { id: 'changed', data: '"changed"' });
    content.push({ ...event() });
    assert.deepEqual(
      (await readStream(adapter, stream)).map((stored) => [stored.id, stored.data]),
      [[id, '{"n":1}']],
    );
  });
}
