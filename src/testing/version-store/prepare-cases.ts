import assert from 'node:assert/strict';
import type { CommitRequest, VersionStore, VersionWrite } from '../../state/version-store.ts';
import {
  type CaseContext,
  committed,
  type DefineCase,
  deletion,
  historyOf,
  laterTime,
  request,
  statesOf,
  write,
} from './case.ts';

type TwoPhase = VersionStore & Required<Pick<VersionStore, 'prepare' | 'decide' | 'prepared'>>;
type TwoPhaseContext = CaseContext & { readonly store: TwoPhase; readonly other: TwoPhase };

/** Run where the store can prepare; one that can't has none of the three methods. */
export function prepareCases(define: DefineCase): void {
  const definePrepared = (title: string, run: (context: TwoPhaseContext) => Promise<void>) =>
    define(title, async (context) => {
      const { prepare, decide, prepared } = context.store;
      if (prepare) await run(context as TwoPhaseContext);
      else assert.deepEqual([decide, prepared], [undefined, undefined]);
    });

  async function prepared(store: TwoPhase, id: string, fields: Partial<CommitRequest> & Pick<CommitRequest, 'writes'>) {
    assert.deepEqual(await store.prepare(id, request(fields)), { status: 'prepared' });
  }

  const attempt = (store: VersionStore, writes: VersionWrite[], checks: CommitRequest['checks'] = []) =>
    store.commit(request({ writes, checks }));

  definePrepared('MV9 nobody sees what is prepared, and everybody what is committed, at once', async (context) => {
    const { store, other, id } = context;
    const [a, b, c, one] = [id('a'), id('b'), id('c'), id('one')];
    const timestamp = await laterTime(context);
    await committed(store, { writes: [write(a, 1), write(c, 1)] });
    const writes = [write(c, 2, 'sum'), deletion(a), write(b, null)];
    await prepared(store, one, { writes, checks: [{ aggregateId: b, version: 0 }], timestamp });
    const before = await committed(other, { writes: [write(id('x'), 0)] });
    for (const reader of [store, other]) {
      assert.equal((await reader.read(a))?.state, 1);
      assert.deepEqual([await reader.latestVersion(b), await reader.latestVersion(c)], [0, 1]);
      assert.deepEqual(await reader.scan({ prefix: b, sequence: Number.MAX_SAFE_INTEGER, limit: 5 }), []);
      assert.deepEqual(await reader.changes({ after: before.sequence, prefix: c, limit: 5 }), []);
    }
    const decided = await other.decide(one, 'commit', timestamp + 50);
    assert.deepEqual(decided, {
      status: 'committed',
      sequence: decided?.sequence,
      timestamp: timestamp + 50,
      versions: [2, 2, 1],
    });
    assert.ok(decided.sequence > before.sequence);
    assert.ok((await store.lastSequence()) >= decided.sequence);
    const found = await store.read(c);
    assert.deepEqual(
      [found?.state, found?.checksum, found?.sequence, found?.timestamp],
      [2, 'sum', decided.sequence, timestamp + 50],
    );
    assert.deepEqual(statesOf(await historyOf(store, a)), [1, undefined]);
    assert.deepEqual(statesOf(await historyOf(store, b)), [null]);
    assert.equal((await store.read(c, { sequence: decided.sequence - 1 }))?.state, 1);
  });

  definePrepared('MV9 what is prepared and rolled back leaves nothing', async ({ store, other, id }) => {
    const [a, one] = [id('a'), id('one')];
    await prepared(store, one, { writes: [write(a, 1)] });
    assert.equal(await other.decide(one, 'rollback', 0), undefined);
    assert.equal(await store.latestVersion(a), 0);
    assert.equal((await attempt(store, [write(a, 2)])).status, 'committed');
    assert.equal(await store.decide(one, 'commit', 0), undefined, 'it is not prepared any more');
    assert.equal(await store.decide(id('unknown'), 'commit', 0), undefined);
    assert.deepEqual(statesOf(await historyOf(store, a)), [2]);
  });

  definePrepared('MV9 nobody writes what is prepared or was checked for it', async ({ store, other, id }) => {
    const [written, checked, unchanged, prefix, one] = ['w', 'c', 'u', 'p', 'one'].map(id) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const sequence = await store.lastSequence();
    const checks = [
      { aggregateId: checked, version: 0 },
      { aggregateId: unchanged, sequence },
      { prefix, sequence },
    ];
    await prepared(store, one, { writes: [write(written, 1)], checks });
    for (const aggregateId of [written, checked, unchanged, prefix, `${prefix}-😀`]) {
      const locked = { status: 'locked', aggregateId, preparedBy: one };
      for (const each of [store, other]) {
        assert.deepEqual(await attempt(each, [write(id('x'), 0), write(aggregateId, 0)]), locked);
      }
      assert.deepEqual(await other.prepare(id('two'), request({ writes: [deletion(aggregateId)] })), locked);
      assert.equal(await store.latestVersion(aggregateId), 0);
    }
    assert.equal(await store.latestVersion(id('x')), 0);
    // Others, and whoever only reads what it writes: he comes before.
    const free = [`${written}-`, prefix.slice(0, -1), `x${prefix}`, id('x')].map((each) => write(each, 0));
    assert.equal((await attempt(other, free, [{ aggregateId: written, version: 0 }])).status, 'committed');
    assert.ok(await other.decide(one, 'commit', 0));
    const freed = [written, checked, unchanged, `${prefix}-😀`].map((each) => write(each, 2));
    assert.equal((await attempt(other, freed)).status, 'committed');
    assert.deepEqual(statesOf(await historyOf(store, written)), [1, 2]);
  });

  definePrepared('MV9 nobody prepares a check of what another one has prepared', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    const sequence = await store.lastSequence();
    await prepared(store, id('one'), { writes: [write(a, 1)], checks: [{ aggregateId: b, version: 0 }] });
    const locked = { status: 'locked', aggregateId: a, preparedBy: id('one') };
    for (const check of [
      { aggregateId: a, version: 0 },
      { aggregateId: a, sequence },
      { prefix: a.slice(0, -3), sequence },
    ]) {
      const two = request({ writes: [write(id('x'), 1)], checks: [check] });
      assert.deepEqual(await other.prepare(id('two'), two), locked);
    }
    // Two may check the same.
    await prepared(other, id('three'), { writes: [], checks: [{ aggregateId: b, version: 0 }] });
    await store.decide(id('one'), 'commit', 0);
    const stillHeld = { status: 'locked', aggregateId: b, preparedBy: id('three') };
    assert.deepEqual(await attempt(store, [write(b, 1)]), stillHeld);
    const decided = await store.decide(id('three'), 'commit', 0);
    assert.deepEqual(decided?.versions, []);
    assert.equal((await attempt(store, [write(b, 1)])).status, 'committed');
  });

  definePrepared('MV9 what can not be prepared holds nothing', async ({ store, other, id }) => {
    const [a, b] = [id('a'), id('b')];
    await committed(store, { writes: [write(a, 1)] });
    const refused = await store.prepare(
      id('one'),
      request({ writes: [write(b, 1)], checks: [{ aggregateId: a, version: 0 }] }),
    );
    assert.deepEqual(refused, {
      status: 'conflict',
      failed: [{ check: { aggregateId: a, version: 0 }, aggregateId: a, actualVersion: 1 }],
    });
    assert.equal((await attempt(other, [write(a, 2), write(b, 2)])).status, 'committed');
    assert.equal(await store.decide(id('one'), 'commit', 0), undefined);
    assert.ok(!(await store.prepared()).some((each) => each.id === id('one')));
  });

  definePrepared('MV9 what is prepared stays as it was, is listed, and can be prepared again', async (context) => {
    const { store, other, id } = context;
    const [a, b] = [id('a'), id('b')];
    const timestamp = await laterTime(context);
    await prepared(store, id('z'), { writes: [write(a, 1)], timestamp: timestamp + 5 });
    await prepared(other, id('y'), { writes: [write(b, 1)], timestamp });
    await prepared(other, id('z'), { writes: [write(a, 2), write(id('c'), 2)], timestamp: timestamp + 9 });
    const own = (await other.prepared()).filter((each) => each.id === id('z') || each.id === id('y'));
    assert.deepEqual(own, [
      { id: id('z'), timestamp: timestamp + 5 },
      { id: id('y'), timestamp },
    ]);
    assert.equal((await attempt(other, [write(id('c'), 3)])).status, 'committed');
    assert.deepEqual((await other.decide(id('z'), 'commit', 0))?.versions, [1]);
    assert.equal((await store.read(a))?.state, 1);
    assert.deepEqual((await store.decide(id('y'), 'commit', 0))?.versions, [1]);
    assert.ok(!(await store.prepared()).some((each) => each.id === id('z') || each.id === id('y')));
  });

  definePrepared('MV5 a retention that was prepared removes when it is committed', async ({ store, other, id }) => {
    const a = id('a');
    for (let n = 1; n <= 4; n++) await committed(store, { writes: [write(a, n)] });
    const retention = { keepVersions: 2, horizon: await store.lastSequence() };
    await prepared(store, id('one'), { writes: [write(a, 5)], retention });
    assert.equal((await historyOf(other, a)).length, 4);
    await other.decide(id('one'), 'commit', 0);
    assert.deepEqual(statesOf(await historyOf(other, a)), [4, 5]);
  });
}

/** Run where the store is synchronous. */
export function syncCases(define: DefineCase): void {
  define('MV3 a synchronous commit is a commit', async ({ store, other, id }) => {
    if (!store.commitSync) return;
    const a = id('a');
    const attempt = (version: number) =>
      store.commitSync!(request({ writes: [write(a, version)], checks: [{ aggregateId: a, version }] }));
    const outcome = attempt(0);
    assert.ok(outcome.status === 'committed');
    assert.deepEqual(outcome.versions, [1]);
    assert.equal((await other.read(a, { sequence: outcome.sequence }))?.state, 0);
    assert.equal(attempt(0).status, 'conflict');
    assert.deepEqual(statesOf(await historyOf(other, a)), [0]);
  });
}
