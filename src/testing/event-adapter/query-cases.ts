import assert from 'node:assert/strict';
import { type EventQuery, matchesQuery } from '../../core/event-query.ts';
import type { EventAdapter, StoredEvent } from '../../events/event-adapter.ts';
import { appended, batch, type DefineCase, event, events, idsOf, range, readAllOf, readStream } from './case.ts';
import { difficultNames } from './difficult-names.ts';
import { queries, queryOf, taggedEvents } from './tagged-events.ts';

export function queryCases(define: DefineCase): void {
  for (const [title, symbolic] of queries) {
    define(`a query ${title} gives what matches, in pages of any size, after any position`, async (context) => {
      const { before, stored } = await taggedEvents(context);
      const query = queryOf(context, symbolic);
      const expected = stored.filter((each) => matchesQuery(each, query));
      for (const limit of [1, 2, 3, 100]) {
        assert.deepEqual(await find(context.adapter, query, before, limit), expected, `in pages of ${limit}`);
      }
      for (const { position } of stored) {
        const behind = expected.filter((each) => each.position > position);
        assert.deepEqual(await find(context.other, query, position, 100), behind, `after ${position}`);
      }
    });
  }

  for (const what of ['type', 'tag'] as const) {
    define(`ES11 any name is a ${what} of its own, to be queried`, async (context) => {
      const { adapter, other } = context;
      const names = [...difficultNames, 'x'.repeat(200), '가'.repeat(200)].map(context.name);
      const before = await adapter.lastPosition();
      const content = names.map((each) => event(what === 'type' ? { type: each } : { tags: [each] }));
      await appended(adapter, batch(context.name('stream'), content));
      for (const [index, each] of names.entries()) {
        const query = [what === 'type' ? { types: [each] } : { tags: [each] }];
        assert.deepEqual(idsOf(await find(other, query, before, 100)), [content[index]!.id], JSON.stringify(each));
      }
      const all = [what === 'type' ? { types: names } : { tags: names }];
      assert.deepEqual(idsOf(await find(other, all, before, 7)), what === 'type' ? idsOf(content) : []);
      const either = names.map((each) => (what === 'type' ? { types: [each] } : { tags: [each] }));
      assert.deepEqual(idsOf(await find(other, either, before, 7)), idsOf(content));
    });
  }

  for (const count of [0, 1, 2, 64]) {
    define(`ES7 ${count} tags of an event come back in their order, and find it`, async (context) => {
      const { adapter, other } = context;
      const stream = context.name('stream');
      const tags = [...range(1, Math.max(0, count - 1)).map((n) => context.name(`tag ${n}`)), context.name('😀')];
      const tagged = event({ tags: tags.slice(tags.length - count).sort() });
      const before = await adapter.lastPosition();
      await appended(adapter, batch(stream, [event(), tagged, event()]));
      assert.deepEqual([...(await readStream(other, stream))[1]!.tags], tagged.tags);
      if (count === 0) return;
      for (const asked of [tagged.tags, [tagged.tags[0]!], [tagged.tags.at(-1)!]]) {
        const [found, ...more] = await find(other, [{ tags: asked }], before, 10);
        assert.deepEqual([found?.id, [...(found?.tags ?? [])], more.length], [tagged.id, tagged.tags, 0]);
      }
    });
  }

  define('ES7 tags come in the order of UTF-16 code units, as they were given', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    // In bytes of UTF-8, and in most languages, these would be in another order.
    const tags = ['B', 'a', 'ä', '\u{1f600}', '\uffff'];
    await appended(adapter, batch(stream, [event({ tags })]));
    const [stored] = await readStream(other, stream);
    assert.deepEqual([...stored!.tags], tags);
  });

  define('every event keeps its own tags in an append of many', async (context) => {
    const { adapter } = context;
    const [one, two] = [context.name('one'), context.name('two')];
    const tags = ['p', 'q', 'r'].map(context.name);
    const content = range(0, 7).map((n) => event({ tags: tags.filter((_, bit) => n & (1 << bit)) }));
    const before = await adapter.lastPosition();
    await appended(adapter, batch(one, content.slice(0, 4)), batch(two, content.slice(4)));
    const stored = await readAllOf(adapter, [one, two], before);
    assert.deepEqual(
      stored.map((each) => [...each.tags]),
      content.map((each) => each.tags),
    );
    for (const tag of tags) {
      const expected = content.filter((each) => each.tags.includes(tag));
      assert.deepEqual(idsOf(await find(adapter, [{ tags: [tag] }], before, 2)), idsOf(expected));
    }
  });

  define('a query with a hundred items is one', async (context) => {
    const { adapter } = context;
    const tags = range(1, 100).map((n) => context.name(`tag ${n}`));
    const content = tags.map((tag) => event({ tags: [tag] }));
    const before = await adapter.lastPosition();
    await appended(adapter, batch(context.name('stream'), content));
    const query = tags.toReversed().map((tag) => ({ tags: [tag], types: ['tested', 'other'] }));
    assert.deepEqual(idsOf(await find(adapter, query, before, 30)), idsOf(content));
  });

  define('few matches among many events are found, page by page', async (context) => {
    const { adapter, other } = context;
    const [stream, tag] = [context.name('stream'), context.name('rare')];
    const content = events(600);
    const rare = [0, 1, 299, 300, 598, 599];
    for (const index of rare) content[index] = event({ tags: [tag], type: context.name('rare type') });
    const before = await adapter.lastPosition();
    await appended(adapter, batch(stream, content));
    const expected = rare.map((index) => content[index]!.id);
    for (const query of [[{ tags: [tag] }], [{ types: [context.name('rare type')] }]]) {
      for (const limit of [1, 2, 5, 6, 7]) {
        assert.deepEqual(idsOf(await find(other, query, before, limit)), expected);
      }
    }
  });

  define('a query behind the last position gives nothing', async (context) => {
    const { adapter } = context;
    const tags = [context.name('tag')];
    const [result] = await appended(adapter, batch(context.name('stream'), [event({ tags })]));
    for (const after of [result!.position, result!.position + 1, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual([...(await adapter.readAll({ after, limit: 10, query: [{ tags }] }))], []);
    }
  });

  define('ES4 an event that is stored already is given with its tags', async (context) => {
    const { adapter, other } = context;
    const known = event({ tags: ['a', 'b'].map(context.name) });
    await appended(adapter, batch(context.name('stream'), [known]));
    const outcome = await other.append([batch(context.name('stream'), [{ ...known, tags: [] }])]);
    assert.ok(outcome.status === 'existing');
    assert.deepEqual([...outcome.events[0]!.tags], known.tags);
  });
}

/** All that matches behind `after`, page by page. */
async function find(adapter: EventAdapter, query: EventQuery, after: number, limit: number): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (;;) {
    const page = await adapter.readAll({ after: found.at(-1)?.position ?? after, limit, query });
    assert.ok(page.length <= limit, 'a page holds at most as many events as were asked for');
    for (const stored of page) {
      assert.ok(stored.position > (found.at(-1)?.position ?? after), 'positions grow strictly');
      found.push(stored);
    }
    if (page.length < limit) return found;
  }
}
