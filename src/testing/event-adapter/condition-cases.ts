import assert from 'node:assert/strict';
import { type EventQuery, matchesQuery } from '../../core/event-query.ts';
import {
  appended,
  appendedWith,
  assertConflict,
  assertMatched,
  batch,
  type DefineCase,
  event,
  range,
  readStream,
} from './case.ts';
import { difficultNames } from './difficult-names.ts';
import { queries, queryOf, taggedEvents } from './tagged-events.ts';

export function conditionCases(define: DefineCase): void {
  for (const [title, symbolic] of queries) {
    define(`a condition on events ${title} holds where none of them is behind it`, async (context) => {
      const { adapter, other } = context;
      const { before, stored } = await taggedEvents(context);
      const failIfEventsMatch = queryOf(context, symbolic);
      const matching = stored.filter((each) => matchesQuery(each, failIfEventsMatch));
      const stream = context.name('target');
      let version = 0;
      for (const after of [before, ...stored.map(({ position }) => position)]) {
        const outcome = await other.append([batch(stream)], { condition: { failIfEventsMatch, after } });
        const first = matching.find(({ position }) => position > after);
        if (first) assertMatched(outcome, first.position);
        else version++;
        assert.equal(await adapter.streamVersion(stream), version, `after ${after}: ${outcome.status}`);
      }
      assert.equal((await readStream(adapter, stream)).length, version);
    });
  }

  define('a condition may look behind positions that are not there yet', async (context) => {
    const { adapter } = context;
    const [type, stream] = [context.name('type'), context.name('stream')];
    await appended(adapter, batch(stream, [event({ type })]));
    const condition = { failIfEventsMatch: [{ types: [type] }], after: Number.MAX_SAFE_INTEGER };
    const { version } = await appendedWith(adapter, { condition }, batch(stream, [event({ type })]));
    assert.equal(version, 2);
  });

  define('what an append itself brings does not break its condition, but that of the next one', async (context) => {
    const { adapter, other } = context;
    const [stream, type, tags] = [context.name('stream'), context.name('type'), [context.name('tag')]];
    for (const failIfEventsMatch of [[{ types: [type] }], [{ tags }], [{ types: [type], tags }]]) {
      const after = await adapter.lastPosition();
      const content = () => [event({ type, tags }), event({ type, tags })];
      const options = { condition: { failIfEventsMatch, after } };
      const { position } = await appendedWith(adapter, options, batch(stream, content()));
      const stored = await adapter.readAll({ after, limit: 10, query: failIfEventsMatch });
      assertMatched(await other.append([batch(stream, content())], options), stored[0]?.position);
      const next = { condition: { failIfEventsMatch, after: position } };
      await appendedWith(other, next, batch(stream, content()));
    }
  });

  define(
    'an append that a condition refuses leaves no trace: no version, position, id, tag or stream',
    async (context) => {
      const { adapter } = context;
      const [tag, refusedTag, stream] = [context.name('tag'), context.name('refused'), context.name('stream')];
      const after = await adapter.lastPosition();
      const [first] = await appended(adapter, batch(context.name('other'), [event({ tags: [tag] })]));
      const refused = batch(stream, [event({ tags: [refusedTag] })], 0);
      const condition = { failIfEventsMatch: [{ tags: [tag] }], after };
      assertMatched(await adapter.append([refused], { condition }), first?.position);
      assert.equal(await adapter.streamVersion(stream), 0);
      assert.equal(await adapter.lastPosition(), first?.position);
      const query = [{ tags: [refusedTag] }];
      assert.deepEqual([...(await adapter.readAll({ after, limit: 10, query }))], []);
      const [result] = await appended(adapter, refused);
      assert.equal(result?.version, 1);
    },
  );

  define('a condition is for all batches of an append', async (context) => {
    const { adapter } = context;
    const [tag, one, two] = [context.name('tag'), context.name('one'), context.name('two')];
    const after = await adapter.lastPosition();
    const [first] = await appended(adapter, batch(context.name('other'), [event({ tags: [tag] })]));
    const failIfEventsMatch = [{ tags: [tag] }];
    const batches = [batch(one, 2), batch(two, 1)];
    assertMatched(await adapter.append(batches, { condition: { failIfEventsMatch, after } }), first?.position);
    assert.deepEqual([await adapter.streamVersion(one), await adapter.streamVersion(two)], [0, 0]);
    const outcome = await adapter.append(batches, { condition: { failIfEventsMatch, after: first!.position } });
    assert.equal(outcome.status, 'appended');
    assert.deepEqual([await adapter.streamVersion(one), await adapter.streamVersion(two)], [2, 1]);
  });

  define('a condition and an expected version must both hold', async (context) => {
    const { adapter } = context;
    const [tag, stream] = [context.name('tag'), context.name('stream')];
    const after = await adapter.lastPosition();
    await appended(adapter, batch(stream, [event({ tags: [tag] }), event()]));
    const [first] = await readStream(adapter, stream);
    const broken = { condition: { failIfEventsMatch: [{ tags: [tag] }], after } };
    const holds = { condition: { failIfEventsMatch: [{ tags: [tag] }], after: first!.position } };
    assertConflict(await adapter.append([batch(stream, 1, 1)], holds), stream, 2);
    assertMatched(await adapter.append([batch(stream, 1, 2)], broken), first!.position);
    const { version } = await appendedWith(adapter, holds, batch(stream, 1, 2));
    assert.equal(version, 3);
  });

  define('ES4 an append under a condition repeated is told its ids, not that its own events match', async (context) => {
    const { adapter, other } = context;
    const [stream, tags] = [context.name('stream'), [context.name('tag')]];
    const content = batch(stream, [event({ tags })], 0);
    const condition = { failIfEventsMatch: [{ tags }], after: await adapter.lastPosition() };
    await appendedWith(adapter, { condition }, content);
    const outcome = await other.append([content], { condition });
    assert.equal(outcome.status, 'existing');
  });

  for (const what of ['type', 'tag'] as const) {
    define(`ES11 a condition on a ${what} holds for that name alone`, async (context) => {
      const { adapter } = context;
      const stream = context.name('stream');
      const after = await adapter.lastPosition();
      const names = difficultNames.map(context.name);
      for (const name of names) {
        const failIfEventsMatch: EventQuery = [what === 'type' ? { types: [name] } : { tags: [name] }];
        const content = () => [event(what === 'type' ? { type: name } : { tags: [name] })];
        const options = { condition: { failIfEventsMatch, after } };
        const { position } = await appendedWith(adapter, options, batch(stream, content()));
        assertMatched(await adapter.append([batch(stream, content())], options), position);
      }
      assert.equal(await adapter.streamVersion(stream), names.length);
    });
  }

  define('a condition on a hundred tags, an append of a hundred tags', async (context) => {
    const { adapter } = context;
    const stream = context.name('stream');
    const tags = range(1, 100).map((n) => context.name(`tag ${n}`));
    const condition = { failIfEventsMatch: tags.map((tag) => ({ tags: [tag] })), after: await adapter.lastPosition() };
    const content = () => tags.map((tag) => event({ tags: [tag] }));
    await appendedWith(adapter, { condition }, batch(stream, content()));
    const outcome = await adapter.append([batch(stream, content())], { condition });
    assertMatched(outcome, (await readStream(adapter, stream))[0]?.position);
  });

  define('without a condition, appends match what they like', async (context) => {
    const { adapter } = context;
    const [stream, tags] = [context.name('stream'), [context.name('tag')]];
    for (const version of range(1, 3)) {
      const [result] = await appended(adapter, batch(stream, [event({ tags })]));
      assert.equal(result?.version, version);
    }
  });
}
