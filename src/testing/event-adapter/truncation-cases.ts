import assert from 'node:assert/strict';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import {
  appended,
  appendedWith,
  assertConflict,
  batch,
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

/** What a stream that once reached version 5 must be held against, however many of its events are left. */
const expectations: [ExpectedVersion, boolean][] = [
  ['any', true],
  ['stream_exists', true],
  [5, true],
  ['no_stream', false],
  [0, false],
  [2, false],
  [4, false],
  [6, false],
];

export function truncationCases(define: DefineCase): void {
  for (const before of [0, 1, 2, 3, 5, 6, 7, Number.MAX_SAFE_INTEGER]) {
    define(`a stream of 5 events truncated before ${before} keeps its version and what is left`, async (context) => {
      const { adapter, other } = context;
      const begin = await adapter.lastPosition();
      const [stream, beside] = [context.name('stream'), context.name('beside')];
      const content = events(5);
      for (const each of content) await appended(adapter, batch(stream, [each]), batch(beside, 1));
      await other.truncateStream(stream, before);
      const left = range(Math.max(1, before), 5);
      assert.deepEqual(versionsOf(await readStream(adapter, stream)), left);
      const page = { stream, from: 1, to: Number.MAX_SAFE_INTEGER, limit: 2 };
      const forward = await adapter.readStream({ ...page, direction: 'forward' });
      assert.deepEqual(versionsOf(forward), left.slice(0, 2));
      const backward = await adapter.readStream({ ...page, direction: 'backward' });
      assert.deepEqual(versionsOf(backward), left.toReversed().slice(0, 2));
      const all = await readAllOf(adapter, [stream, beside], begin, 2);
      assert.deepEqual(
        idsOf(all.filter((each) => each.stream === stream)),
        left.map((version) => content[version - 1]!.id),
      );
      assert.equal(all.length, left.length + 5);
      assert.equal(await adapter.streamVersion(stream), 5);
      const first = Math.min(Math.max(1, before), 6);
      assert.deepEqual(await infosOf(adapter, [stream, beside]), [info(stream, 5, first), info(beside, 5)]);
      const [result] = await appended(other, batch(stream, 2, 5));
      assert.equal(result?.version, 7);
      assert.deepEqual(versionsOf(await readStream(adapter, stream)), [...left, 6, 7]);
    });
  }

  for (const [what, truncatedBefore] of [
    ['in part', 4],
    ['as a whole', 6],
  ] as const) {
    for (const [expected, meets] of expectations) {
      define(`ES2 a stream truncated ${what} ${meets ? 'meets' : 'refuses'} ${expected}`, async (context) => {
        const { adapter, other } = context;
        const stream = await streamOf(context, 5, { truncatedBefore });
        const outcome = await other.append([batch(stream, 1, expected)]);
        if (meets) assert.equal(outcome.status === 'appended' && outcome.batches[0]?.version, 6);
        else assertConflict(outcome, stream, 5);
        assert.equal(await adapter.streamVersion(stream), meets ? 6 : 5);
      });
    }
  }

  define('a stream that does not exist is not made by truncating it', async (context) => {
    const { adapter } = context;
    const stream = context.name('missing');
    await adapter.truncateStream(stream, 5);
    assert.equal(await adapter.streamVersion(stream), 0);
    assert.equal(await infoOf(adapter, stream), undefined);
    const [result] = await appended(adapter, batch(stream, 1, 'no_stream'));
    assert.equal(result?.version, 1);
    assert.equal((await readStream(adapter, stream)).length, 1);
  });

  define('what was truncated stays so, whatever is truncated later', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 5);
    for (const [before, left] of [
      [4, [4, 5]],
      [2, [4, 5]],
      [4, [4, 5]],
      [5, [5]],
    ] as const) {
      await other.truncateStream(stream, before);
      assert.deepEqual(versionsOf(await readStream(adapter, stream)), left);
      assert.equal((await infoOf(adapter, stream))?.firstVersion, left[0]);
    }
    await adapter.truncateStream(stream, 100);
    await appended(adapter, batch(stream, 3));
    assert.deepEqual(versionsOf(await readStream(adapter, stream)), [6, 7, 8], 'what comes later is not truncated');
    await adapter.truncateStream(stream, 8);
    assert.deepEqual(versionsOf(await readStream(adapter, stream)), [8]);
  });

  define('the position of an event that was removed is never given to another', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const [result] = await appended(adapter, batch(stream, 2));
    await adapter.truncateStream(stream, 3);
    assert.ok((await other.lastPosition()) < result!.position, 'the last event that is stored is another one');
    const [next] = await appended(other, batch(context.name('next'), 1));
    assert.ok(next!.position > result!.position, `${next!.position} was given after ${result!.position}`);
    assert.equal(await other.lastPosition(), next!.position);
  });

  define('the id of an event that was removed is free, that of another of its stream is not', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const content = events(2);
    await appended(adapter, batch(stream, content));
    await adapter.truncateStream(stream, 2);
    const outcome = await other.append([batch(stream, content)]);
    assert.deepEqual(outcome.status === 'existing' && idsOf(outcome.events), [content[1]!.id]);
    const [result] = await appended(other, batch(stream, [content[0]!]));
    assert.equal(result?.version, 3);
    assert.deepEqual(idsOf(await readStream(adapter, stream)), [content[1]!.id, content[0]!.id]);
  });

  define('an event that was removed matches no query and no condition', async (context) => {
    const { adapter, other } = context;
    const [stream, type, tags] = [context.name('stream'), context.name('type'), [context.name('tag')]];
    const after = await adapter.lastPosition();
    await appended(adapter, batch(stream, [event({ type, tags }), event({ type, tags })]));
    for (const [truncatedBefore, left] of [
      [2, 1],
      [3, 0],
    ] as const) {
      await adapter.truncateStream(stream, truncatedBefore);
      for (const query of [[{ tags }], [{ types: [type] }], [{ types: [type], tags }]]) {
        assert.equal((await other.readAll({ after, limit: 10, query })).length, left);
      }
    }
    const condition = { failIfEventsMatch: [{ tags }, { types: [type] }], after };
    await appendedWith(other, { condition }, batch(stream, [event({ type, tags })]));
  });

  define('a stream of many events is truncated at once, and others are left as they are', async (context) => {
    const { adapter } = context;
    const [stream, beside] = [context.name('stream'), context.name('stream 2')];
    const tags = [context.name('tag')];
    await appended(
      adapter,
      batch(
        stream,
        range(1, 500).map(() => event({ tags })),
      ),
      batch(beside, events(3)),
    );
    await adapter.truncateStream(stream, 500);
    assert.deepEqual(versionsOf(await readStream(adapter, stream)), [500]);
    assert.equal((await readStream(adapter, beside)).length, 3);
    assert.equal((await adapter.readAll({ after: 0, limit: 1000, query: [{ tags }] })).length, 1);
  });

  define('appends that race with a truncation get versions without a gap', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 3);
    const appends = range(1, 8).map(() => appended(adapter, batch(stream, 1)));
    await Promise.all([...appends, other.truncateStream(stream, 3), other.truncateStream(stream, 4)]);
    const stored = versionsOf(await readStream(adapter, stream));
    assert.deepEqual(stored, range(4, 11));
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 11, 4));
  });

  define('snapshots and checkpoints outlive a truncation', async (context) => {
    const { adapter } = context;
    const stream = await streamOf(context, 3);
    const saved = { stream, name: 'fold', schemaVersion: 1, version: 3, eventId: 'e', data: '{}', encoding: 'json' };
    await adapter.saveSnapshot(saved);
    await adapter.saveCheckpoint(stream, { position: 3, state: '{}' });
    await adapter.truncateStream(stream, 4);
    assert.deepEqual({ ...(await adapter.loadSnapshot(stream, 'fold')) }, saved);
    assert.equal((await adapter.loadCheckpoint(stream))?.position, 3);
  });
}
