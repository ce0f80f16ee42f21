import assert from 'node:assert/strict';
import type { EventQuery } from '../../core/event-query.ts';
import type { AppendCondition, EventAdapter, EventBatch } from '../../events/event-adapter.ts';
import { appended, batch, type DefineCase, event, range, streamOf } from './case.ts';

const racers = 12;

export function conditionRaceCases(define: DefineCase): void {
  const kinds: [string, (type: string, tag: string) => EventQuery][] = [
    ['a type', (type) => [{ types: [type] }]],
    ['a tag', (_, tag) => [{ tags: [tag] }]],
    ['a type and a tag', (type, tag) => [{ types: [type], tags: [tag] }]],
    ['a type or a tag', (type, tag) => [{ types: [`no ${type}`] }, { tags: [tag] }]],
    ['two tags', (_, tag) => [{ tags: [tag, `${tag} too`] }]],
    ['any event', () => [{}]],
  ];
  for (const [title, queryOf] of kinds) {
    for (const streams of ['one stream', 'streams of their own'] as const) {
      define(`of ${racers} appends to ${streams} that race on a condition on ${title}, one wins`, async (context) => {
        const { adapter, other } = context;
        const [type, tag] = [context.name('type'), context.name('tag')];
        const condition = { failIfEventsMatch: queryOf(type, tag), after: await adapter.lastPosition() };
        const outcomes = await race(adapter, other, (index) => [
          [
            batch(context.name(streams === 'one stream' ? 's' : `s${index}`), [
              event({ type, tags: [tag, `${tag} too`] }),
            ]),
          ],
          condition,
        ]);
        const winners = outcomes.flatMap((outcome) => (outcome.status === 'appended' ? outcome.batches : []));
        assert.equal(winners.length, 1, outcomes.map(({ status }) => status).join());
        for (const outcome of outcomes) {
          if (outcome.status !== 'appended') {
            assert.deepEqual({ ...outcome }, { status: 'matched', position: winners[0]!.position });
          }
        }
      });
    }
  }

  for (const what of ['types', 'tags'] as const) {
    define(`${racers} appends that race on conditions on ${what} of their own all win`, async (context) => {
      const { adapter, other } = context;
      const after = await adapter.lastPosition();
      const outcomes = await race(adapter, other, (index) => {
        const name = context.name(`${what} ${index}`);
        const content = event(what === 'types' ? { type: name } : { tags: [name] });
        const failIfEventsMatch = [what === 'types' ? { types: [name] } : { tags: [name] }];
        return [[batch(context.name(`stream ${index % 3}`), [content])], { failIfEventsMatch, after }];
      });
      assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['appended']));
    });
  }

  define('of appends that each bring what another’s condition excludes, no two of a pair win', async (context) => {
    const { adapter, other } = context;
    const after = await adapter.lastPosition();
    const outcomes = await race(adapter, other, (index) => {
      const pair = Math.floor(index / 2);
      const [mine, theirs] = [index % 2, 1 - (index % 2)].map((side) => context.name(`tag ${pair} ${side}`));
      const content = [event({ tags: [mine!] })];
      return [[batch(context.name(`stream ${index}`), content)], { failIfEventsMatch: [{ tags: [theirs!] }], after }];
    });
    for (const pair of range(0, racers / 2 - 1)) {
      const statuses = outcomes.slice(pair * 2, pair * 2 + 2).map(({ status }) => status);
      assert.equal(statuses.filter((status) => status === 'appended').length, 1, statuses.join());
    }
  });

  for (const what of ['type', 'tag'] as const) {
    define(`a condition on a ${what} holds against appends without one that race`, async (context) => {
      const { adapter, other } = context;
      for (const round of range(1, 5)) {
        const name = context.name(`${what} ${round}`);
        const content = () => [event(what === 'type' ? { type: name } : { tags: [name] })];
        const query: EventQuery = [what === 'type' ? { types: [name] } : { tags: [name] }];
        const after = await adapter.lastPosition();
        const make = (index: number) =>
          [
            [batch(context.name(`stream ${round} ${index}`), content())],
            index % 3 === 0 ? { failIfEventsMatch: query, after } : undefined,
          ] as const;
        // At once, and one after another without waiting for the one before.
        const outcomes = await race(adapter, other, make, (index) => index * (round - 1));
        const [first] = await adapter.readAll({ after, limit: 1, query });
        for (const [index, outcome] of outcomes.entries()) {
          if (index % 3 > 0) assert.equal(outcome.status, 'appended');
          else if (outcome.status === 'appended') assert.equal(outcome.batches[0]?.position, first?.position);
          else assert.deepEqual({ ...outcome }, { status: 'matched', position: first?.position });
        }
      }
    });
  }

  define('a limit over streams is never exceeded: whoever is refused reads again and decides anew', async (context) => {
    const { adapter, other } = context;
    const [tag, seats] = [context.name('course'), 5];
    const before = await adapter.lastPosition();
    const query = [{ types: ['seat taken'], tags: [tag] }];
    const enrol = async (student: number): Promise<boolean> => {
      const through = student % 2 === 0 ? adapter : other;
      for (let tries = 0; tries < 1000; tries++) {
        const taken = await through.readAll({ after: before, limit: 100, query });
        if (taken.length >= seats) return false;
        const condition = { failIfEventsMatch: query, after: taken.at(-1)?.position ?? before };
        const content = [event({ type: 'seat taken', tags: [tag] })];
        const outcome = await through.append([batch(context.name(`student ${student}`), content)], { condition });
        if (outcome.status === 'appended') return true;
        assert.equal(outcome.status, 'matched');
      }
      throw new assert.AssertionError({ message: 'the condition is refused for ever' });
    };
    const enrolled = await Promise.all(range(1, racers).map(enrol));
    assert.equal(enrolled.filter(Boolean).length, seats);
    assert.equal((await adapter.readAll({ after: before, limit: 100, query })).length, seats);
  });

  define('of appends that race on a condition and an expected version, one wins', async (context) => {
    const { adapter, other } = context;
    const [stream, tag] = [await streamOf(context, 2), context.name('tag')];
    const condition = { failIfEventsMatch: [{ tags: [tag] }], after: await adapter.lastPosition() };
    const outcomes = await race(adapter, other, () => [[batch(stream, [event({ tags: [tag] })], 2)], condition]);
    assert.equal(outcomes.filter(({ status }) => status === 'appended').length, 1);
    assert.equal(await adapter.streamVersion(stream), 3);
    await appended(adapter, batch(stream, 1, 3));
  });
}

function race(
  adapter: EventAdapter,
  other: EventAdapter,
  make: (index: number) => readonly [readonly EventBatch[], AppendCondition | undefined],
  delay: (index: number) => number = () => 0,
) {
  return Promise.all(
    range(0, racers - 1).map(async (index) => {
      for (let turns = delay(index); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      const [batches, condition] = make(index);
      return (index % 2 === 0 ? adapter : other).append(batches, { condition });
    }),
  );
}
