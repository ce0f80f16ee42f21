import assert from 'node:assert/strict';
import type { EventAdapter } from '../../events/event-adapter.ts';
import { type DefineCase, range } from './case.ts';

const at = (name: string, position: number) => ({ name, position, state: `{"at":${position}}` });
const ownAt = (position: number) => ({ position, state: '{}' });

async function positionsOf(adapter: EventAdapter, names: readonly string[]) {
  const found = await Promise.all(names.map((name) => adapter.loadCheckpoint(name)));
  return found.map((checkpoint) => checkpoint?.position);
}

export function savedTogetherCases(define: DefineCase): void {
  for (const [title, within] of [
    ['', undefined],
    [' and with work', () => {}],
  ] as const) {
    define(`ES1 checkpoints saved with another${title} are there with it, each at a new revision`, async (context) => {
      const { adapter, other } = context;
      const [name, old, made] = ['reader', 'old', 'made'].map(context.name) as [string, string, string];
      const before = (await adapter.saveCheckpoint(old, at(old, 9)))!;
      const checkpoints = [at(old, 3), at(made, 4)];
      const revision = await adapter.saveCheckpoint(name, ownAt(1), { expectedRevision: 0, within, checkpoints });
      assert.deepEqual({ ...(await other.loadCheckpoint(name)) }, { name, ...ownAt(1), revision });
      for (const { name: saved, ...checkpoint } of checkpoints) {
        const { revision: own, ...rest } = (await other.loadCheckpoint(saved))!;
        assert.deepEqual(rest, { name: saved, ...checkpoint });
        assert.ok(own > (saved === old ? before : 0), 'its revision is greater than any before');
      }
    });
  }

  define('checkpoints are left as they are if the one they go with is at another revision', async (context) => {
    const { adapter, other } = context;
    const [name, old, made] = ['reader', 'old', 'made'].map(context.name) as [string, string, string];
    await adapter.saveCheckpoint(old, at(old, 1));
    const revision = (await adapter.saveCheckpoint(name, ownAt(1)))!;
    for (const expectedRevision of [0, revision + 1]) {
      const options = { expectedRevision, checkpoints: [at(old, 2), at(made, 2)] };
      assert.equal(await other.saveCheckpoint(name, ownAt(2), options), undefined);
      assert.deepEqual(await positionsOf(adapter, [name, old, made]), [1, 1, undefined]);
    }
  });

  define('ES1 work that throws leaves none of the checkpoints that go with its own', async (context) => {
    const { adapter, other } = context;
    const [name, old, made] = ['reader', 'old', 'made'].map(context.name) as [string, string, string];
    await adapter.saveCheckpoint(old, at(old, 1));
    const within = () => {
      throw new Error('the work failed');
    };
    const checkpoints = [at(old, 2), at(made, 2)];
    await assert.rejects(adapter.saveCheckpoint(name, ownAt(1), { within, checkpoints }), /the work failed/);
    assert.deepEqual(await positionsOf(other, [name, old, made]), [undefined, 1, undefined]);
  });

  define('ES2 of racing saves the one that wins has saved what goes with it', async (context) => {
    const { adapter, other } = context;
    const [name, beside] = [context.name('reader'), context.name('beside')];
    const racing = range(1, 8).map(async (n) => {
      const options = { expectedRevision: 0, checkpoints: [at(beside, n)] };
      return { n, revision: await (n % 2 ? adapter : other).saveCheckpoint(name, ownAt(n), options) };
    });
    const winners = (await Promise.all(racing)).filter(({ revision }) => revision !== undefined);
    assert.equal(winners.length, 1);
    assert.deepEqual(await positionsOf(adapter, [name, beside]), [winners[0]!.n, winners[0]!.n]);
  });
}
