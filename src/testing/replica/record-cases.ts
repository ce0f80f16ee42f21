import assert from 'node:assert/strict';
import { difficultNames } from '../event-adapter/difficult-names.ts';
import { type DefineReplicaCase, expectHeld, put, type ReplicaCase, versionOf } from './case.ts';

/** Ids that storages like to confuse with others, and with what is no id. */
function difficultIds<S>({ id }: ReplicaCase<S>): string[] {
  const names = difficultNames.flatMap((name) => [id(name), `${name}${id('end')}`]);
  return [id('x'), id('X'), id(''), id('%'), `${id('x')}/y`, `../${id('x')}`, ...names];
}

/** Reading and writing records, one call after another. */
export function recordCases<S>(define: DefineReplicaCase<S>): void {
  define('a record that was never written has no state, and one version', async ({ replica, other, id }) => {
    await expectHeld([replica, other, replica], id('none'), undefined);
  });

  define('what is written is what is read, with the version that was told, by everybody', async (context) => {
    const { replica, other, id, state } = context;
    for (let n = 0; n < 6; n++) {
      const [writer, reader] = n % 2 ? [other, replica] : [replica, other];
      const { version } = await put(writer, id('a'), state(n));
      assert.equal(await expectHeld([reader, writer], id('a'), state(n)), version);
    }
  });

  define(
    'a record is made, changed and removed at the version that was read',
    async ({ replica, other, id, state }) => {
      const none = await replica.read(id('a'));
      const first = versionOf(await replica.write(id('a'), state(1), { expectedVersion: none.version }));
      const second = versionOf(await other.write(id('a'), state(2), { expectedVersion: first }));
      const gone = versionOf(await replica.write(id('a'), undefined, { expectedVersion: second }));
      assert.equal(await expectHeld([replica, other], id('a'), undefined), gone);
      versionOf(await other.write(id('a'), state(3), { expectedVersion: gone }));
      await expectHeld([replica, other], id('a'), state(3));
    },
  );

  define('nothing is written at another version than the one that is there', async ({ replica, other, id, state }) => {
    const none = await replica.read(id('a'));
    const first = await put(replica, id('a'), state(1));
    const refuse = async (version: string, held: S | undefined) => {
      const before = await replica.read(id('a'));
      for (const each of [replica, other]) {
        for (const next of [state(7), held, undefined]) {
          assert.deepEqual(await each.write(id('a'), next, { expectedVersion: version }), { status: 'conflict' });
        }
      }
      assert.equal(await expectHeld([replica, other], id('a'), held), before.version);
    };
    await refuse(none.version, state(1));
    const second = await put(other, id('a'), state(2));
    await refuse(first.version, state(2));
    await refuse(none.version, state(2));
    await put(replica, id('a'), undefined);
    await refuse(first.version, undefined);
    await refuse(second.version, undefined);
    await put(replica, id('a'), state(3));
    await refuse(second.version, state(3));
  });

  define('a record that is not there can be removed, and stays away', async ({ replica, other, id, state }) => {
    const none = await replica.read(id('a'));
    versionOf(await replica.write(id('a'), undefined, { expectedVersion: none.version }));
    await expectHeld([replica, other], id('a'), undefined);
    await put(other, id('a'), state(1));
    await expectHeld([replica, other], id('a'), state(1));
  });

  define('one version is that of one state', async ({ replica, other, id, state }) => {
    const states = new Map<string, S | undefined>();
    for (const n of [1, 1, 2, 1, undefined, 1, 2, undefined, undefined, 3, 1]) {
      const next = n === undefined ? undefined : state(n);
      const { version } = await put(n === 2 ? other : replica, id('a'), next);
      if (states.has(version)) assert.deepEqual(states.get(version), next, 'a version that came back');
      states.set(version, next);
    }
    assert.ok(states.size >= 4);
  });

  define('records are told apart to the letter', async (context) => {
    const { replica, other, state, isId } = context;
    const ids = difficultIds(context).filter(isId);
    for (const [n, id] of ids.entries()) {
      await expectHeld([replica], id, undefined);
      await put(replica, id, state(n));
    }
    for (const [n, id] of ids.entries()) await expectHeld([other, replica], id, state(n));
    const [first, ...rest] = ids;
    await put(other, first!, undefined);
    await expectHeld([replica], first!, undefined);
    for (const [n, id] of rest.entries()) await expectHeld([replica], id, state(n + 1));
  });

  define('an id that can’t be had is refused', async (context) => {
    const { replica, state, isId } = context;
    for (const id of difficultIds(context).filter((each) => !isId(each))) {
      await assert.rejects(async () => replica.read(id), `reading ${JSON.stringify(id)}`);
      const write = async () => replica.write(id, state(1), { expectedVersion: '' });
      await assert.rejects(write, `writing ${JSON.stringify(id)}`);
    }
  });

  define('whoever holds a state can’t change the record', async ({ replica, other, id, state }) => {
    const given = state(1);
    await put(replica, id('a'), given);
    spoil(given);
    await expectHeld([replica, other], id('a'), state(1));
    spoil((await replica.read(id('a'))).state);
    await expectHeld([replica, other], id('a'), state(1));
  });

  define('what the application writes is read, and no write goes over it', async (context) => {
    const { replica, other, id, state, edit } = context;
    const { version } = await put(replica, id('a'), state(1));
    await edit(id('a'), state(2));
    assert.deepEqual(await replica.write(id('a'), state(3), { expectedVersion: version }), { status: 'conflict' });
    await expectHeld([replica, other], id('a'), state(2));
    await edit(id('a'), undefined);
    await expectHeld([replica, other], id('a'), undefined);
    const none = await replica.read(id('b'));
    await edit(id('b'), state(4));
    assert.deepEqual(await replica.write(id('b'), state(5), { expectedVersion: none.version }), { status: 'conflict' });
    await expectHeld([replica, other], id('b'), state(4));
  });
}

/** Changes every part of a state that can be changed. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    spoil(part);
    if (!Object.isFrozen(value)) (value as Record<string, unknown>)[name] = 'spoilt';
  }
}
