import assert from 'node:assert/strict';
import type { EventAdapter, StoredEvent } from '../../events/event-adapter.ts';
import {
  appended,
  appendedWith,
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
  versionsOf,
} from './case.ts';
import { refusedAppends } from './refused-appends.ts';

// Work is synchronous here where nothing else is said: a synchronous database takes no other.
export function withinCases(define: DefineCase): void {
  define('work within an append sees the events as they are then stored, once', async (context) => {
    const { adapter, other } = context;
    const [one, two] = [await streamOf(context, 2), context.name('two')];
    const before = await adapter.lastPosition();
    const seen: StoredEvent[][] = [];
    const content = [event({ tags: ['a', 'b'], data: '"한"', metadata: '{"by":1}' }), event({ timestamp: 7 })];
    const within = (stored: readonly StoredEvent[]) => void seen.push(stored.map((each) => ({ ...each })));
    await adapter.append([batch(two, 1), batch(one, content)], { within });
    const stored = await readAllOf(other, [one, two], before);
    assert.deepEqual(
      seen,
      [stored.map((each) => ({ ...each }))],
      'what the work saw is what is stored, in the same order',
    );
    assert.deepEqual(
      stored.map(({ stream, version }) => [stream, version]),
      [
        [two, 1],
        [one, 3],
        [one, 4],
      ],
    );
  });

  for (const [title, thrown] of [
    ['an error', new Error('the work failed')],
    ['an error with a code, like a driver’s', Object.assign(new Error('no'), { code: '40001', errcode: 5 })],
    ['a text', 'the work failed'],
    ['nothing', undefined],
  ] as const) {
    define(`ES1 work that throws ${title} leaves nothing behind, and that comes through`, async (context) => {
      const { adapter, other } = context;
      const [stream, made, tag] = [await streamOf(context, 2), context.name('made'), context.name('tag')];
      const after = await adapter.lastPosition();
      const content = [event({ tags: [tag] })];
      const batches = [batch(stream, content, 2), batch(made, events(2), 'no_stream')];
      let times = 0;
      const append = adapter.append(batches, {
        within() {
          times++;
          throw thrown;
        },
      });
      assert.equal(await reasonOf(append), thrown);
      assert.equal(times, 1);
      assert.equal(await other.lastPosition(), after);
      assert.deepEqual(await infosOf(other, [stream, made]), [info(stream, 2), undefined]);
      assert.deepEqual(await readAllOf(other, [stream, made], after), []);
      assert.deepEqual([...(await other.readAll({ after, limit: 9, query: [{ tags: [tag] }] }))], []);
      const results = await appended(adapter, ...batches);
      assert.deepEqual(
        results.map(({ version }) => version),
        [3, 2],
      );
    });
  }

  for (const [title, refuse] of refusedAppends) {
    define(`an append that is refused because ${title} does no work`, async (context) => {
      let times = 0;
      const status = await refuse(context, async (one, condition) => {
        const within = () => void times++;
        return (await context.adapter.append([one], { condition, within })).status;
      });
      assert.notEqual(status, 'appended');
      assert.equal(times, 0);
    });
  }

  define('work within an append whose condition and expected version hold is done', async (context) => {
    const { adapter } = context;
    const [tag, stream] = [context.name('tag'), context.name('stream')];
    const condition = { failIfEventsMatch: [{ tags: [tag] }], after: await adapter.lastPosition() };
    const seen: number[] = [];
    const within = (stored: readonly StoredEvent[]) => void seen.push(...versionsOf(stored));
    await appendedWith(adapter, { condition, within }, batch(stream, [event({ tags: [tag] }), event()], 0));
    assert.deepEqual(seen, [1, 2]);
  });

  for (const fails of [false, true]) {
    define(
      `work that gives a promise which is ${fails ? 'rejected' : 'kept'} is awaited or refused`,
      async (context) => {
        const { adapter, other } = context;
        const stream = await streamOf(context, 1);
        let done = false;
        const work = async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          done = true;
          if (fails) throw new Error('too late');
        };
        const append = adapter.append([batch(stream, 2, 1)], {
          within() {
            const working = work();
            // Who refuses promises need not listen to this one.
            working.catch(() => {});
            return working;
          },
        });
        const reason = await reasonOf(append);
        const stored = reason === 'kept';
        assert.ok(!stored || (done && !fails), 'the append did not wait for its work');
        assert.ok(stored || reason instanceof Error);
        assert.deepEqual(await infoOf(other, stream), info(stream, stored ? 3 : 1));
        await appended(other, batch(stream, 1, stored ? 3 : 1));
      },
    );
  }

  define('appends that race while work is done get what their work saw', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const seen = new Map<string, number>();
    const within = (stored: readonly StoredEvent[]) => {
      for (const { id, version } of stored) seen.set(id, version);
    };
    const outcomes = await Promise.all(
      range(1, 12).map((n) => {
        const options = n % 3 === 0 ? {} : { within };
        return (n % 2 ? adapter : other).append([batch(stream, 2)], options);
      }),
    );
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['appended']));
    const stored = await readStream(adapter, stream);
    assert.deepEqual(versionsOf(stored), range(1, 24));
    for (const { id, version } of stored) assert.equal(seen.get(id) ?? version, version);
    assert.equal(seen.size, 16);
  });

  define('appends whose work fails leave no gap among others that race', async (context) => {
    const { adapter, other } = context;
    const stream = context.name('stream');
    const results = await Promise.allSettled(
      range(1, 12).map((n) => {
        const within = () => {
          if (n % 2) throw new Error('odd');
        };
        return (n % 3 ? adapter : other).append([batch(stream, 1)], { within });
      }),
    );
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 6);
    assert.deepEqual(versionsOf(await readStream(adapter, stream)), range(1, 6));
  });

  define('ES2 of racing appends with work that expect one version, one does it', async (context) => {
    const { adapter, other } = context;
    const stream = await streamOf(context, 1);
    let times = 0;
    const within = () => void times++;
    const appends = range(1, 8).map((n) => (n % 2 ? adapter : other).append([batch(stream, 1, 1)], { within }));
    const outcomes = await Promise.all(appends);
    assert.equal(outcomes.filter(({ status }) => status === 'appended').length, 1);
    assert.equal(times, 1);
    assert.equal(await adapter.streamVersion(stream), 2);
  });

  define('work within the save of a checkpoint is done once, and both are kept', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    let times = 0;
    const within = () => void times++;
    for (const position of [1, 2]) {
      const expectedRevision = (await adapter.loadCheckpoint(name))?.revision ?? 0;
      const revision = await adapter.saveCheckpoint(name, { position, state: '{}' }, { expectedRevision, within });
      assert.deepEqual({ ...(await other.loadCheckpoint(name)) }, { name, position, state: '{}', revision });
      assert.equal(times, position);
    }
  });

  for (const there of [false, true]) {
    define(`work that throws saves no checkpoint where there is ${there ? 'one' : 'none'}`, async (context) => {
      const { adapter, other } = context;
      const name = context.name('reader');
      if (there) await adapter.saveCheckpoint(name, { position: 1, state: '{}' });
      const before = await other.loadCheckpoint(name);
      const problem = new Error('the work failed');
      const saving = adapter.saveCheckpoint(
        name,
        { position: 2, state: '{"new":1}' },
        {
          within() {
            throw problem;
          },
        },
      );
      assert.equal(await reasonOf(saving), problem);
      assert.deepEqual(await other.loadCheckpoint(name), before);
      const expectedRevision = before?.revision ?? 0;
      const revision = await other.saveCheckpoint(name, { position: 3, state: '{}' }, { expectedRevision });
      assert.ok(revision !== undefined && revision > expectedRevision);
    });
  }

  define('work is not done for a checkpoint at another revision', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    let times = 0;
    const within = () => void times++;
    const save = (through: EventAdapter, expectedRevision: number) => {
      return through.saveCheckpoint(name, { position: 9, state: '{}' }, { expectedRevision, within });
    };
    assert.equal(await save(adapter, 5), undefined);
    const revision = (await adapter.saveCheckpoint(name, { position: 1, state: '{}' }))!;
    for (const stale of [0, revision - 1, revision + 1]) assert.equal(await save(other, stale), undefined);
    assert.equal(times, 0);
    assert.equal((await adapter.loadCheckpoint(name))?.position, 1);
  });

  define('ES2 of racing saves with work that expect one revision, one does it', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    let times = 0;
    const within = () => void times++;
    const options = { expectedRevision: 0, within };
    const saves = range(1, 8).map((n) => {
      return (n % 2 ? adapter : other).saveCheckpoint(name, { position: n, state: '{}' }, options);
    });
    const revisions = await Promise.all(saves);
    assert.equal(revisions.filter((revision) => revision !== undefined).length, 1);
    assert.equal(times, 1);
  });
}

/** Why a promise was rejected; `kept` if it was not. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'kept';
  } catch (error) {
    return error;
  }
}
