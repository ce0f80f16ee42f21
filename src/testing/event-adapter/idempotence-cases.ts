import assert from 'node:assert/strict';
import { appended, batch, type DefineCase, event, events, existingIds, idsOf, readStream } from './case.ts';

export function idempotenceCases(define: DefineCase): void {
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
