import assert from 'node:assert/strict';
import type { EventAdapter } from '../../events/event-adapter.ts';
import { appendedWith, batch, type DefineCase, range, streamOf } from './case.ts';
import { refusedAppends } from './refused-appends.ts';

const at = (name: string, position: number) => ({ name, position, state: `{"at":${position}}` });

async function positionsOf(adapter: EventAdapter, names: readonly string[]) {
  const found = await Promise.all(names.map((name) => adapter.loadCheckpoint(name)));
  return found.map((checkpoint) => checkpoint?.position);
}

export function appendCheckpointCases(define: DefineCase): void {
  define('ES1 checkpoints of an append are saved with it, each with a new revision', async (context) => {
    const { adapter, other } = context;
    const [stream, old, made] = [await streamOf(context, 1), context.name('old'), context.name('made')];
    const before = (await adapter.saveCheckpoint(old, at(old, 9)))!;
    const checkpoints = [at(old, 3), at(made, 4)];
    await appendedWith(adapter, { checkpoints: () => checkpoints }, batch(stream, 2, 1));
    for (const { name, ...checkpoint } of checkpoints) {
      const { revision, ...saved } = (await other.loadCheckpoint(name))!;
      assert.deepEqual(saved, { name, ...checkpoint });
      assert.ok(revision > (name === old ? before : 0), 'its revision is greater than any before');
    }
    assert.equal(await other.saveCheckpoint(old, at(old, 5), { expectedRevision: before }), undefined);
    assert.equal(await other.streamVersion(stream), 3);
  });

  define('ES1 checkpoints of an append are made of where each of its batches got to', async (context) => {
    const { adapter, other } = context;
    const [one, two] = [await streamOf(context, 1), context.name('two')];
    const names = [context.name('one'), context.name('other')];
    const outcome = await adapter.append([batch(two, 3), batch(one, 2, 1)], {
      checkpoints: (appended) =>
        appended.map(({ version, position }, index) => ({
          ...at(names[index]!, position),
          state: `{"at":${version}}`,
        })),
    });
    assert.ok(outcome.status === 'appended');
    const saved = await Promise.all(names.map((name) => other.loadCheckpoint(name)));
    assert.deepEqual(
      saved.map((checkpoint) => [checkpoint?.state, checkpoint?.position]),
      outcome.batches.map(({ version, position }) => [`{"at":${version}}`, position]),
    );
  });

  for (const [title, refuse] of refusedAppends) {
    define(`checkpoints of an append that is refused because ${title} are left as they are`, async (context) => {
      const [old, made] = [context.name('old'), context.name('made')];
      await context.adapter.saveCheckpoint(old, at(old, 1));
      const checkpoints = () => [at(old, 2), at(made, 2)];
      const status = await refuse(context, async (one, condition) => {
        return (await context.adapter.append([one], { condition, checkpoints })).status;
      });
      assert.notEqual(status, 'appended');
      assert.deepEqual(await positionsOf(context.other, [old, made]), [1, undefined]);
    });
  }

  define('ES1 work that throws leaves no checkpoint of its append behind', async (context) => {
    const { adapter, other } = context;
    const [stream, old, made] = [await streamOf(context, 1), context.name('old'), context.name('made')];
    await adapter.saveCheckpoint(old, at(old, 1));
    const checkpoints = () => [at(old, 2), at(made, 2)];
    const within = () => {
      throw new Error('the work failed');
    };
    await assert.rejects(adapter.append([batch(stream)], { checkpoints, within }), /the work failed/);
    assert.deepEqual(await positionsOf(other, [old, made]), [1, undefined]);
    assert.equal(await other.streamVersion(stream), 1);
  });

  define('ES2 of racing appends the one that wins has saved its checkpoint', async (context) => {
    const { adapter, other } = context;
    const [stream, name] = [await streamOf(context, 1), context.name('head')];
    const racing = range(1, 8).map(async (n) => {
      const one = n % 2 ? adapter : other;
      return { n, ...(await one.append([batch(stream, 1, 1)], { checkpoints: () => [at(name, n)] })) };
    });
    const winners = (await Promise.all(racing)).filter(({ status }) => status === 'appended');
    assert.equal(winners.length, 1);
    assert.deepEqual(await positionsOf(other, [name]), [winners[0]!.n]);
  });

  define('ES1 an append that does not wait saves its checkpoints too, where there is one', async (context) => {
    const { adapter, other } = context;
    if (!adapter.appendSync) return;
    const [stream, name] = [context.name('stream'), context.name('head')];
    const options = { checkpoints: () => [at(name, 4)] };
    assert.equal(adapter.appendSync([batch(stream, 1, 7)], options).status, 'conflict');
    assert.deepEqual(await positionsOf(other, [name]), [undefined]);
    assert.equal(adapter.appendSync([batch(stream, 1, 0)], options).status, 'appended');
    assert.deepEqual(await positionsOf(other, [name]), [4]);
  });
}
