import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, event, events, existingIds, idsOf, readStream } from './case.ts';

/** Appends to a stream of the events a, b and c; `x` and `y` are new. */
const overlaps = ['a', 'b', 'c', 'ab', 'bc', 'abc', 'ac', 'cba', 'ba', 'ax', 'xa', 'abcx', 'cx', 'xbcy', 'axb'];

export function idempotenceCases(define: DefineCase): void {
  for (const letters of overlaps) {
    for (const expected of ['any', 'no_stream', 3] as const) {
      define(
        `ES4 appending ${letters} behind abc at ${expected} is told what is stored, and adds nothing`,
        async (context) => {
          const { adapter, other } = context;
          const stream = context.name('stream');
          const known = ['a', 'b', 'c', 'x', 'y'].map((id) => event({ id: context.name(id) }));
          await appended(adapter, batch(stream, [known[0]!]));
          await appended(adapter, batch(stream, known.slice(1, 3)));
          const content = [...letters].map((letter) => known['abcxy'.indexOf(letter)]!);
          const outcome = await other.append([batch(stream, content, expected)]);
          const stored = known.slice(0, 3).filter((each) => content.includes(each));
          assert.deepEqual(existingIds(outcome), idsOf(stored));
          assert.deepEqual(idsOf(await readStream(adapter, stream)), idsOf(known.slice(0, 3)));
          await appended(adapter, batch(stream, known.slice(3), 3));
        },
      );
    }
  }

  for (const expected of ['any', 'no_stream', 0, 'stream_exists', 1, 2, 3, 99] as const) {
    define(`ES4 ids that are stored are told before versions are compared, with ${expected}`, async (context) => {
      const { adapter, other } = context;
      const stream = context.name('stream');
      const content = events(2);
      await appended(adapter, batch(stream, content, 'no_stream'));
      await appended(adapter, batch(stream, 1));
      assert.deepEqual(existingIds(await other.append([batch(stream, content, expected)])), idsOf(content));
      assert.equal(await adapter.streamVersion(stream), 3);
    });
  }

  define('ES4 the stored events are given as they are stored', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const first = event({ data: '"first"', metadata: '{"by":"a"}', type: 'first', timestamp: 5 });
    await appended(adapter, batch(stream, [event(), first]));
    const again = { ...first, data: '"other"', metadata: '{}', type: 'other', timestamp: 6 };
    const outcome = await other.append([batch(stream, [again])]);
    assert.ok(outcome.status === 'existing');
    const [, stored] = await readStream(adapter, stream);
    assert.deepEqual(
      outcome.events.map((each) => ({ ...each })),
      [{ ...first, stream, version: 2, position: stored?.position }],
    );
  });

  define('ES4 one stored id among new ones: nothing is written, and the new ids stay free', async (context) => {
    const { adapter } = context;
    const stream = context.name('stream');
    const [known, fresh] = [event(), event()];
    await appended(adapter, batch(stream, [known]));
    for (const content of [
      [known, fresh],
      [fresh, known],
    ]) {
      assert.deepEqual(existingIds(await adapter.append([batch(stream, content)])), [known.id]);
    }
    assert.equal(await adapter.streamVersion(stream), 1);
    await appended(adapter, batch(stream, [fresh]));
  });

  define('ES4 an id is one event in the whole store, not one a stream', async (context) => {
    const { adapter, other } = context;
    const [one, two, three] = [context.name('one'), context.name('two'), context.name('three')];
    const known = event();
    await appended(adapter, batch(one, [known]));
    const outcome = await other.append([batch(three, 1), batch(two, [known])]);
    assert.deepEqual(existingIds(outcome), [known.id]);
    assert.ok(outcome.status === 'existing');
    assert.equal(outcome.events[0]?.stream, one);
    assert.deepEqual([await adapter.streamVersion(two), await adapter.streamVersion(three)], [0, 0]);
  });

  define('ES4 an append to several streams repeated gives all of its events', async (context) => {
    const { adapter, other } = context;
    const batches = ['b', 'a'].map((what) => batch(context.name(what), 2, 'no_stream'));
    await appended(adapter, ...batches);
    const ids = existingIds(await other.append(batches));
    assert.deepEqual(ids.toSorted(), batches.flatMap((each) => idsOf(each.events)).toSorted());
  });

  define('ES4 ids of several streams in one append are all told', async (context) => {
    const { adapter, other } = context;
    const names = ['one', 'two', 'three'].map(context.name);
    const content = events(3);
    for (const [index, stream] of names.entries()) await appended(adapter, batch(stream, [content[index]!]));
    const outcome = await other.append([batch(names[2]!, [event(), ...content])]);
    assert.ok(outcome.status === 'existing');
    assert.deepEqual(new Set(idsOf(outcome.events)), new Set(idsOf(content)));
    assert.deepEqual(new Set(outcome.events.map(({ stream }) => stream)), new Set(names));
  });

  define('ES4 ids that were made for their append are found from then on', async (context) => {
    const { adapter, other } = context;
    const [stream, another] = [context.name('stream'), context.name('another')];
    const [first, second] = [events(2), events(1)];
    await appended(adapter, { ...batch(stream, first), idsAreNew: true });
    await appended(other, batch(another));
    await appended(adapter, { ...batch(stream, second), idsAreNew: true });
    assert.deepEqual(
      existingIds(await other.append([batch(stream, [...first, ...second])])),
      idsOf([...first, ...second]),
    );
    assert.deepEqual(existingIds(await adapter.append([batch(another, second, 1)])), idsOf(second));
    assert.equal(await adapter.streamVersion(stream), 3);
  });

  define('ES4 ids of one stream are looked for beside others that were made for the append', async (context) => {
    const { adapter, other } = context;
    const [one, two] = [context.name('one'), context.name('two')];
    const known = events(1);
    await appended(adapter, batch(one, known));
    for (const batches of [
      [{ ...batch(two), idsAreNew: true }, batch(one, known)],
      [batch(one, known), { ...batch(two), idsAreNew: true }],
    ]) {
      assert.deepEqual(existingIds(await other.append(batches)), idsOf(known));
    }
    assert.equal(await adapter.streamVersion(two), 0);
  });

  define('ES4 an id that was made for its append is free once its event is removed', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const [removed, kept] = [events(2), events(2)];
    await appended(adapter, { ...batch(stream, [...removed, ...kept]), idsAreNew: true });
    await adapter.truncateStream(stream, 3);
    assert.deepEqual(existingIds(await other.append([batch(stream, kept)])), idsOf(kept));
    await appended(adapter, batch(stream, removed));
    assert.deepEqual(idsOf(await readStream(adapter, stream)), idsOf([...kept, ...removed]));
  });

  define('ES4 a thousand events appended again are all told', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const content = events(1000);
    await appended(adapter, batch(stream, content));
    assert.deepEqual(existingIds(await other.append([batch(stream, content, 0)])), idsOf(content));
    assert.equal(await adapter.streamVersion(stream), 1000);
  });

  define('ES4 of appends that race and share one id, one is stored', async (context) => {
    const { adapter, other } = context;
    const shared = event();
    const streams = Array.from({ length: 12 }, (_, n) => context.name(`stream ${n}`));
    const outcomes = await Promise.all(
      streams.map((stream, n) => (n % 2 ? adapter : other).append([batch(stream, [event(), shared])])),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'appended').length, 1);
    assert.equal(outcomes.filter(({ status }) => status === 'existing').length, 11);
    const winner = streams[outcomes.findIndex(({ status }) => status === 'appended')];
    for (const outcome of outcomes) {
      if (outcome.status === 'existing') {
        assert.deepEqual(
          outcome.events.map(({ id, stream }) => [id, stream]),
          [[shared.id, winner]],
        );
      }
    }
    for (const stream of streams) assert.equal(await adapter.streamVersion(stream), stream === winner ? 2 : 0);
  });

  define('ES4 of the same append made many times at once one is stored', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const content = events(2);
    const tries = Array.from({ length: 12 }, (_, index) =>
      (index % 2 === 0 ? adapter : other).append([batch(stream, content, index % 3 === 0 ? 'no_stream' : 'any')]),
    );
    const outcomes = await Promise.all(tries);
    const statuses = outcomes.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 'appended').length, 1, statuses.join());
    assert.equal(statuses.filter((status) => status === 'existing').length, 11, statuses.join());
    assert.deepEqual(idsOf(await readStream(adapter, stream)), idsOf(content));
  });
}
