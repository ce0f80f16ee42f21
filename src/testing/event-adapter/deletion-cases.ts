import assert from 'node:assert/strict';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import {
  appended,
  appendedWith,
  assertDeleted,
  batch,
  type DefineCase,
  event,
  events,
  info,
  infoOf,
  infosOf,
  range,
  readAllOf,
  readStream,
  streamOf,
} from './case.ts';
import { difficultNames } from './difficult-names.ts';

const all: readonly ExpectedVersion[] = ['any', 'no_stream', 'stream_exists', 0, 1, 2, 3, 4, Number.MAX_SAFE_INTEGER];

/** How many events a stream has, and what it then can be expected to be at. */
const states: [title: string, count: number, truncatedBefore: number | undefined, met: readonly ExpectedVersion[]][] = [
  ['that never existed', 0, undefined, ['any', 'no_stream', 0]],
  ['at version 3', 3, undefined, ['any', 'stream_exists', 3]],
  ['at version 3, truncated as a whole', 3, 4, ['any', 'stream_exists', 3]],
];

export function deletionCases(define: DefineCase): void {
  for (const [title, count, truncatedBefore, met] of states) {
    for (const expected of all) {
      const meets = met.includes(expected);
      define(`ES2 a stream ${title} ${meets ? 'is' : 'is not'} deleted at ${expected}`, async (context) => {
        const { adapter, other } = context;
        const then = truncatedBefore === undefined ? {} : { truncatedBefore };
        const stream = await streamOf(context, count, then);
        const before = await infoOf(adapter, stream);
        const outcome = await other.deleteStream(stream, expected);
        if (meets) {
          assert.deepEqual({ ...outcome }, { status: 'deleted' });
          assert.deepEqual(await infoOf(adapter, stream), info(stream, count, count + 1, true));
          assert.deepEqual([...(await readStream(adapter, stream))], []);
          assertDeleted(await adapter.append([batch(stream)]), stream);
        } else {
          assert.deepEqual({ ...outcome }, { status: 'conflict', actualVersion: count });
          assert.deepEqual(await infoOf(adapter, stream), before);
          assert.equal((await readStream(adapter, stream)).length, truncatedBefore === undefined ? count : 0);
          await appended(adapter, batch(stream, 1, count));
        }
      });
    }
  }

  for (const expected of all) {
    define(`a deleted stream takes no event under ${expected}`, async (context) => {
      const { adapter, other } = context;
      const stream = await streamOf(context, 3, { deleted: true });
      const before = await adapter.lastPosition();
      assertDeleted(await other.append([batch(stream, 2, expected)]), stream);
      assert.equal(await adapter.streamVersion(stream), 3);
      assert.equal(await adapter.lastPosition(), before);
      assert.deepEqual([...(await readStream(adapter, stream))], []);
    });
  }

  define('a stream that is deleted already stays so, whatever is expected', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 3, { deleted: true });
    for (const expected of all) {
      assert.deepEqual({ ...(await other.deleteStream(stream, expected)) }, { status: 'deleted' });
      await adapter.truncateStream(stream, 2);
      assert.deepEqual(await infoOf(adapter, stream), info(stream, 3, 4, true));
    }
  });

  define('a deleted stream is in no page of the whole store, and others are', async (context) => {
    const { adapter, other } = context;
    const [stream, beside] = [context.name('stream'), context.name('beside')];
    const [type, tags] = [context.name('type'), [context.name('tag')]];
    const before = await adapter.lastPosition();
    for (const _ of range(1, 3)) {
      await appended(adapter, batch(stream, [event({ type, tags })]), batch(beside, [event({ type, tags })]));
    }
    await other.deleteStream(stream, 3);
    for (const limit of [1, 2, 100]) {
      const left = await readAllOf(adapter, [stream, beside], before, limit);
      assert.deepEqual(
        left.map((each) => [each.stream, each.version]),
        range(1, 3).map((version) => [beside, version]),
      );
    }
    for (const query of [[{ types: [type] }], [{ tags }], [{ types: [type], tags }]]) {
      const found = await adapter.readAll({ after: before, limit: 10, query });
      assert.deepEqual(new Set(found.map((each) => each.stream)), new Set([beside]));
      assert.equal(found.length, 3);
    }
  });

  define('an event of a deleted stream matches no condition, and its id is free', async (context) => {
    const { adapter, other } = context;
    const [stream, tags] = [context.name('stream'), [context.name('tag')]];
    const known = event({ tags });
    const after = await adapter.lastPosition();
    await appended(adapter, batch(stream, [known]));
    await adapter.deleteStream(stream, 'any');
    const condition = { failIfEventsMatch: [{ tags }], after };
    await appendedWith(other, { condition }, batch(context.name('next'), [known]));
  });

  define('the positions of a deleted stream are never given to another event', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const [gone] = await appended(adapter, batch(stream, 3));
    await other.deleteStream(stream, 'any');
    assert.ok((await adapter.lastPosition()) < gone!.position);
    const [next] = await appended(adapter, batch(context.name('next'), 1));
    assert.ok(next!.position > gone!.position);
  });

  define('one deleted stream refuses an append to several', async (context) => {
    const { adapter } = context;
    const streams = range(1, 3).map((n) => context.name(`stream ${n}`));
    await adapter.deleteStream(streams[1]!, 'any');
    assertDeleted(await adapter.append(streams.map((stream) => batch(stream))), streams[1]!);
    assert.deepEqual([await adapter.streamVersion(streams[0]!), await adapter.streamVersion(streams[2]!)], [0, 0]);
  });

  define('the snapshots of a deleted stream are gone, those of others and checkpoints are not', async (context) => {
    const { adapter, other } = context;
    const [stream, beside] = [context.name('stream'), context.name('beside')];
    const fields = { schemaVersion: 1, version: 1, eventId: 'e', data: '{}', encoding: 'json' };
    for (const each of [stream, beside]) {
      await appended(adapter, batch(each, 1));
      for (const name of ['one', 'two']) await adapter.saveSnapshot({ ...fields, stream: each, name });
    }
    await adapter.saveCheckpoint(stream, { position: 1, state: '{}' });
    assert.equal((await other.deleteStream(stream, 9)).status, 'conflict');
    assert.ok(await adapter.loadSnapshot(stream, 'one'), 'a deletion that was refused removed a snapshot');
    await other.deleteStream(stream, 1);
    for (const name of ['one', 'two']) {
      assert.equal(await adapter.loadSnapshot(stream, name), undefined);
      assert.ok(await adapter.loadSnapshot(beside, name));
    }
    assert.ok(await adapter.loadCheckpoint(stream));
  });

  define('ES11 any name is a stream of its own, to be truncated and deleted', async (context) => {
    const { adapter, other } = context;
    const names = difficultNames.map(context.name);
    await appended(adapter, ...names.map((stream) => batch(stream, 2)));
    for (const [index, stream] of names.entries()) {
      await adapter.truncateStream(stream, 2);
      if (index % 2 === 0) await adapter.deleteStream(stream, 2);
    }
    const infos = await infosOf(other, names);
    for (const [index, stream] of names.entries()) {
      const deleted = index % 2 === 0;
      assert.deepEqual(infos[index], info(stream, 2, deleted ? 3 : 2, deleted));
      assert.equal((await readStream(other, stream)).length, deleted ? 0 : 1);
    }
  });

  define('of appends and a deletion that race, none is stored behind the deletion', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 1);
    const appends = range(1, 8).map((n) => (n % 2 ? adapter : other).append([batch(stream, events(2))]));
    const [deletion, ...outcomes] = await Promise.all([other.deleteStream(stream, 'any'), ...appends]);
    assert.equal(deletion.status, 'deleted');
    const stored = outcomes.filter(({ status }) => status === 'appended').length;
    assert.equal(outcomes.filter(({ status }) => status === 'deleted').length, outcomes.length - stored);
    assert.deepEqual(await infoOf(adapter, stream), info(stream, 1 + stored * 2, 2 + stored * 2, true));
    assert.deepEqual([...(await readStream(adapter, stream))], []);
  });

  define('ES2 of deletions and appends that race on one expected version, one kind wins', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 2);
    const work = range(1, 8).map(async (n): Promise<string> => {
      const through = n % 2 ? adapter : other;
      return n % 4 < 2
        ? (await through.append([batch(stream, 1, 2)])).status
        : `deletion ${(await through.deleteStream(stream, 2)).status}`;
    });
    const outcomes = await Promise.all(work);
    const appends = outcomes.filter((outcome) => outcome === 'appended').length;
    assert.equal(appends + Number(outcomes.includes('deletion deleted')), 1, outcomes.join());
  });
}
