import assert from 'node:assert/strict';
import type { Checkpoint, EventAdapter } from '../../events/event-adapter.ts';
import { appended, batch, type DefineCase, range } from './case.ts';
import { difficultNames } from './difficult-names.ts';

const at = (position: number): Checkpoint => ({ position, state: `{"at":${position}}` });

export function checkpointCases(define: DefineCase): void {
  define('a checkpoint is what was saved last under its name; there is none before', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    assert.equal(await adapter.loadCheckpoint(name), undefined);
    for (const position of [0, 7, Number.MAX_SAFE_INTEGER, 3]) {
      const revision = await adapter.saveCheckpoint(name, at(position));
      assert.deepEqual({ ...(await other.loadCheckpoint(name)) }, { name, ...at(position), revision });
    }
    assert.equal(await other.loadCheckpoint(`${name} `), undefined);
    assert.equal(await other.loadCheckpoint(name.toUpperCase()), undefined);
  });

  define('checkpoints of other names are left alone', async (context) => {
    const { adapter, other } = context;
    const names = difficultNames.map(context.name);
    for (const [index, name] of names.entries()) await adapter.saveCheckpoint(name, at(index));
    for (const [index, name] of names.entries()) {
      const { position, state } = (await other.loadCheckpoint(name))!;
      assert.deepEqual({ position, state }, at(index));
    }
    for (const name of names.filter((_, index) => index % 2 === 0)) await adapter.deleteCheckpoint(name);
    for (const [index, name] of names.entries()) {
      assert.equal((await other.loadCheckpoint(name))?.position, index % 2 === 0 ? undefined : index);
    }
  });

  for (const state of [
    '{}',
    '{ "b": 1.0,"1":[] }',
    '{"a":"\\u0000 한 😀"}',
    '{"__proto__":1}',
    `{"long":"${'x'.repeat(100_000)}"}`,
  ]) {
    define(`the state of a checkpoint comes back as it was given: ${state.slice(0, 24)}`, async (context) => {
      const { adapter, other } = context;
      const name = context.name('reader');
      await adapter.saveCheckpoint(name, { position: 1, state });
      assert.equal((await other.loadCheckpoint(name))?.state, state);
      assert.equal((await other.listCheckpoints(name))[0]?.state, state);
    });
  }

  define('a checkpoint that is kept apart from events and snapshots of the same name', async (context) => {
    const { adapter } = context;
    const name = context.name('name');
    await appended(adapter, batch(name, 2));
    await adapter.saveCheckpoint(name, at(7));
    await adapter.deleteCheckpoint(name);
    assert.equal(await adapter.streamVersion(name), 2);
    await adapter.saveCheckpoint(name, at(8));
    await adapter.deleteStream(name, 'any');
    assert.equal((await adapter.loadCheckpoint(name))?.position, 8);
  });

  define('each save of a checkpoint has a revision of its own, greater than before', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    let last = 0;
    for (const n of range(1, 6)) {
      const revision = await (n % 2 ? adapter : other).saveCheckpoint(name, at(7));
      assert.ok(revision !== undefined && revision > last, `${revision} is not greater than ${last}`);
      assert.ok(Number.isSafeInteger(revision));
      last = revision;
    }
    assert.equal((await adapter.loadCheckpoint(name))?.revision, last);
  });

  define('the revision of a checkpoint is never that of one that was deleted', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    let last = 0;
    for (const _ of range(1, 3)) {
      const revision = await adapter.saveCheckpoint(name, at(1), { expectedRevision: 0 });
      assert.ok(revision !== undefined && revision > last);
      if (last > 0) assert.equal(await other.saveCheckpoint(name, at(9), { expectedRevision: last }), undefined);
      last = (await other.saveCheckpoint(name, at(2)))!;
      assert.ok(last > revision);
      await other.deleteCheckpoint(name);
      assert.equal(await other.saveCheckpoint(name, at(9), { expectedRevision: last }), undefined);
      assert.equal(await adapter.loadCheckpoint(name), undefined);
    }
  });

  for (const [title, there, expected, saves] of [
    ['where there is none, expected at 0, is', false, 'none', true],
    ['where there is none, expected at some revision, is not', false, 'another', false],
    ['where there is none, whatever it is at, is', false, 'any', true],
    ['where there is one, expected at 0, is not', true, 'none', false],
    ['where there is one, expected at another revision, is not', true, 'another', false],
    ['where there is one, expected at an earlier revision, is not', true, 'earlier', false],
    ['where there is one, expected at its revision, is', true, 'its', true],
    ['where there is one, whatever it is at, is', true, 'any', true],
  ] as const) {
    define(`ES2 a checkpoint ${title} saved`, async (context) => {
      const { adapter, other } = context;
      const name = context.name('reader');
      const earlier = there ? await adapter.saveCheckpoint(name, at(1)) : undefined;
      const its = there ? await adapter.saveCheckpoint(name, at(2)) : undefined;
      const revisions = { none: 0, another: 1_000_000 + (its ?? 0), earlier, its, any: undefined };
      const expectedRevision = revisions[expected];
      const revision = await other.saveCheckpoint(name, at(3), { expectedRevision });
      assert.equal(revision !== undefined, saves);
      const stored = await adapter.loadCheckpoint(name);
      assert.equal(stored?.position, saves ? 3 : there ? 2 : undefined);
      assert.equal(stored?.revision, saves ? revision : its);
    });
  }

  for (const there of [false, true]) {
    define(
      `ES2 of racing saves of a checkpoint that is ${there ? '' : 'not '}there exactly one wins`,
      async (context) => {
        const { adapter, other } = context;
        const name = context.name('reader');
        const expectedRevision = there ? (await adapter.saveCheckpoint(name, at(0)))! : 0;
        const saves = range(1, 12).map((n) => {
          return (n % 2 ? adapter : other).saveCheckpoint(name, at(n), { expectedRevision });
        });
        const revisions = await Promise.all(saves);
        const winners = revisions.flatMap((revision, index) =>
          revision === undefined ? [] : [{ revision, n: index + 1 }],
        );
        assert.equal(winners.length, 1, `${winners.length} saves won`);
        const [{ revision, n }] = winners as [(typeof winners)[0]];
        assert.deepEqual({ ...(await adapter.loadCheckpoint(name)) }, { name, ...at(n), revision });
      },
    );
  }

  define('racing saves of a checkpoint, whatever it is at, all win, each at a revision of its own', async (context) => {
    const { adapter, other } = context;
    const name = context.name('reader');
    const saves = range(1, 12).map((n) => (n % 2 ? adapter : other).saveCheckpoint(name, at(n)));
    const revisions = (await Promise.all(saves)) as number[];
    assert.equal(new Set(revisions).size, 12);
    const stored = await adapter.loadCheckpoint(name);
    assert.equal(stored?.revision, Math.max(...revisions));
    assert.equal(stored.position, 1 + revisions.indexOf(stored.revision));
  });

  define('compare and set counts, however many count at once', async (context) => {
    const { adapter, other } = context;
    const name = context.name('counter');
    const count = async (through: EventAdapter) => {
      for (let added = 0, tries = 0; added < 5; tries++) {
        assert.ok(tries < 1000, 'the checkpoint is refused for ever');
        const { position, revision } = (await through.loadCheckpoint(name)) ?? { position: 0, revision: 0 };
        const saved = await through.saveCheckpoint(name, at(position + 1), { expectedRevision: revision });
        if (saved !== undefined) added++;
      }
    };
    await Promise.all([count(adapter), count(other), count(adapter), count(other)]);
    assert.equal((await adapter.loadCheckpoint(name))?.position, 20);
  });

  define('checkpoints are listed by the beginning of their names, as they are stored', async (context) => {
    const { adapter, other } = context;
    const prefix = `${context.name('group')}/`;
    const names = ['b', 'a', 'A', 'a/b', 'ab'].map((end) => prefix + end);
    for (const [index, name] of names.entries()) await adapter.saveCheckpoint(name, at(index));
    await adapter.saveCheckpoint(`other ${prefix}a`, at(9));
    await adapter.saveCheckpoint(prefix.slice(0, -1), at(9));
    const listed = await other.listCheckpoints(prefix);
    for (const each of listed) assert.deepEqual({ ...each }, { ...(await adapter.loadCheckpoint(each.name)) });
    assert.deepEqual(listed.map(({ name }) => name).toSorted(), names.toSorted());
    assert.deepEqual(await other.listCheckpoints(prefix), listed, 'their order is always the same');
    assert.deepEqual((await other.listCheckpoints(`${prefix}a`)).map(({ name }) => name).toSorted(), [
      `${prefix}a`,
      `${prefix}a/b`,
      `${prefix}ab`,
    ]);
    assert.deepEqual([...(await other.listCheckpoints(`${prefix}c`))], []);
    await adapter.deleteCheckpoint(`${prefix}a`);
    assert.equal((await other.listCheckpoints(prefix)).length, 4);
    const all = await other.listCheckpoints('');
    for (const name of names.slice(2)) assert.ok(all.some((each) => each.name === name));
  });

  define('ES11 any beginning of a name is that, and no pattern', async (context) => {
    const { adapter, other } = context;
    const patterns = ['%', '_', '*', '?', '[a-z]', '.', '\\', "'", '\u{1f600}', '\uffff', '한'];
    const begin = context.name('begin');
    for (const pattern of patterns) await adapter.saveCheckpoint(`${begin}${pattern}x`, at(1));
    for (const pattern of patterns) {
      const found = await other.listCheckpoints(`${begin}${pattern}`);
      assert.deepEqual(
        found.map(({ name }) => name),
        [`${begin}${pattern}x`],
      );
    }
    assert.equal((await other.listCheckpoints(begin)).length, patterns.length);
  });

  define('a checkpoint that is deleted is gone, and nothing happens where there is none', async (context) => {
    const { adapter, other } = context;
    const [name, beside] = [context.name('reader'), context.name('reader 2')];
    await adapter.saveCheckpoint(name, at(1));
    await adapter.saveCheckpoint(beside, at(2));
    for (const _ of range(1, 2)) {
      await other.deleteCheckpoint(name);
      assert.equal(await adapter.loadCheckpoint(name), undefined);
    }
    assert.equal((await adapter.loadCheckpoint(beside))?.position, 2);
  });
}
