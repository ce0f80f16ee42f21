import assert from 'node:assert/strict';
import type { AppendOutcome, EventAdapter, StoredEvent } from '../../events/event-adapter.ts';
import {
  appended,
  assertConflict,
  assertDeleted,
  assertMatched,
  batch,
  type CaseContext,
  type DefineCase,
  event,
  events,
  existingIds,
  idsOf,
  info,
  infosOf,
  range,
  readAllOf,
  readStream,
  streamOf,
  versionsOf,
} from './case.ts';

type SyncAppend = NonNullable<EventAdapter['appendSync']>;

/** For adapters that have `appendSync`: what holds for `append` holds for it. */
export function syncAppendCases(define: DefineCase): void {
  const defineSync = (title: string, run: (append: SyncAppend, context: CaseContext) => Promise<void>) =>
    define(title, async (context) => {
      const { adapter } = context;
      if (adapter.appendSync) await run((batches, options) => adapter.appendSync!(batches, options), context);
    });

  defineSync(
    'ES1 ES3 what is appended at once is stored when it returns, and seen by others',
    async (append, context) => {
      const { adapter, other } = context;
      const [one, two] = [await streamOf(context, 2), context.name('two')];
      const before = await adapter.lastPosition();
      const content = [event({ tags: ['a', 'b'], data: '"한"', metadata: '{"by":1}' }), event({ timestamp: 7 })];
      const outcome = append([batch(two, 1), batch(one, content, 2)]);
      const stored = await readAllOf(other, [one, two], before);
      assert.deepEqual(
        stored.map(({ stream, version }) => [stream, version]),
        [
          [two, 1],
          [one, 3],
          [one, 4],
        ],
      );
      assert.deepEqual(
        stored
          .slice(1)
          .map(({ stream: _, version: __, position: ___, ...rest }) => ({ ...rest, tags: [...rest.tags] })),
        content,
      );
      assert.deepEqual(resultsOf(outcome), [
        { version: 1, position: stored[0]!.position },
        { version: 4, position: stored[2]!.position },
      ]);
    },
  );

  defineSync('ES2 an append at once is refused as any other, and writes nothing', async (append, context) => {
    const { adapter, other, name } = context;
    const [stream, gone, tag] = [await streamOf(context, 2), await deletedStream(context), name('tag')];
    const known = events(2);
    await appended(adapter, batch(name('known'), known));
    const after = await adapter.lastPosition();
    await appended(adapter, batch(name('tagged'), [event({ tags: [tag] })]));
    const last = await adapter.lastPosition();
    const rest = batch(name('rest'), 2);
    assertConflict(append([rest, batch(stream, 1, 1)]), stream, 2);
    assertConflict(append([rest, batch(name('none'), 1, 'stream_exists')]), name('none'), 0);
    assertDeleted(append([rest, batch(gone)]), gone);
    assert.deepEqual(existingIds(append([rest, batch(stream, [event(), ...known], 99)])), idsOf(known));
    assertMatched(append([rest], { condition: { failIfEventsMatch: [{ tags: [tag] }], after } }), last);
    assert.equal(await other.lastPosition(), last);
    assert.deepEqual(await infosOf(other, [stream, name('rest')]), [info(stream, 2), undefined]);
    const condition = { failIfEventsMatch: [{ tags: [tag] }], after: last };
    assert.equal(append([rest, batch(stream, 1, 2)], { condition }).status, 'appended');
  });

  defineSync('appends at once and others, called in turn, leave no gap', async (append, { adapter, other, name }) => {
    const stream = name('stream');
    const waited: Promise<AppendOutcome>[] = [];
    for (const n of range(1, 12)) {
      if (n % 3 === 0) assert.equal(append([batch(stream)]).status, 'appended');
      else waited.push((n % 2 ? adapter : other).append([batch(stream)]));
    }
    const outcomes = await Promise.all(waited);
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['appended']));
    const stored = await readStream(other, stream);
    assert.deepEqual(versionsOf(stored), range(1, 12));
    const positions = stored.map(({ position }) => position);
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
  });

  defineSync(
    'work within an append at once is done once, with the events as they are then stored',
    async (append, context) => {
      const [stream, before] = [await streamOf(context, 1), await context.adapter.lastPosition()];
      const seen: StoredEvent[][] = [];
      const within = (stored: readonly StoredEvent[]) => void seen.push(stored.map((each) => ({ ...each })));
      append([batch(stream, [event({ tags: ['a'] }), event()])], { within });
      const stored = await readAllOf(context.other, [stream], before);
      assert.deepEqual(
        seen,
        [stored.map((each) => ({ ...each }))],
        'what the work saw is what is stored, in the same order',
      );
      assert.equal(append([batch(stream, 1, 9)], { within }).status, 'conflict');
      assert.equal(seen.length, 1);
    },
  );

  for (const [title, within] of [
    [
      'throws',
      () => {
        throw thrown;
      },
    ],
    ['gives a promise', () => Promise.resolve()],
    ['gives a promise that is rejected', rejected],
  ] as const) {
    defineSync(`ES1 work within an append at once that ${title} leaves nothing behind`, async (append, context) => {
      const { other, name } = context;
      const [stream, made] = [await streamOf(context, 2), name('made')];
      const batches = [batch(stream, 1, 2), batch(made, 2)];
      const reason = reasonOf(() => append(batches, { within }));
      assert.ok(reason instanceof Error, 'it neither failed nor was refused');
      if (title === 'throws') assert.equal(reason, thrown);
      assert.deepEqual(await infosOf(other, [stream, made]), [info(stream, 2), undefined]);
      const results = resultsOf(append(batches));
      assert.deepEqual(
        results.map(({ version }) => version),
        [3, 2],
      );
    });
  }
}

const thrown = new Error('the work failed');

/** A promise to whose failure nobody needs to listen. */
function rejected(): Promise<never> {
  const promise = Promise.reject(thrown);
  promise.catch(() => {});
  return promise;
}

function reasonOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

function resultsOf(outcome: AppendOutcome) {
  assert.ok(outcome.status === 'appended', `expected the append to succeed: ${JSON.stringify(outcome)}`);
  return outcome.batches.map((each) => ({ ...each }));
}

async function deletedStream({ adapter, name }: CaseContext): Promise<string> {
  await appended(adapter, batch(name('gone')));
  await adapter.deleteStream(name('gone'), 'any');
  return name('gone');
}
