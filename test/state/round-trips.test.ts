// How often a storage on a server is asked: a round trip costs more than all else.
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { isolationLevels, keepsSnapshot } from '../../src/state/isolation-level.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { freshIds } from './stores.ts';

describe('round trips to PostgreSQL', () => {
  let db: PGlite;
  let asked: string[] = [];
  beforeAll(async () => {
    db = await PGlite.create();
  }, 120_000);
  afterAll(() => db.close());

  const begin = async () => {
    const counted = {
      query: (text: string, values?: unknown[]) => {
        asked.push(text);
        return db.query(text, values as never[]);
      },
      exec: (text: string) => {
        asked.push(text);
        return db.exec(text);
      },
    };
    const mvcc = new MVCCController<number>({ store: new PostgreSQLVersionStore(counted as never) });
    await mvcc.lastSequence();
    asked = [];
    const of = freshIds();
    return { mvcc, ids: Array.from({ length: 10 }, (_, n) => of(`a${n}`)) };
  };

  it.each(isolationLevels)(
    'a commit of 10 aggregates is one at %s, written without being read or after that',
    async (isolationLevel) => {
      const { mvcc, ids } = await begin();
      const blind = mvcc.begin({ isolationLevel });
      for (const id of ids) await blind.write(id, 1);
      // The snapshot, where there is one, and nothing else.
      expect(asked).toHaveLength(keepsSnapshot(isolationLevel) ? 1 : 0);
      asked = [];
      expect(await blind.commit()).toHaveLength(10);
      expect(asked).toHaveLength(1);

      const reading = mvcc.begin({ isolationLevel });
      for (const id of ids) await reading.write(id, ((await reading.read(id))?.state ?? 0) + 1);
      asked = [];
      await reading.commit();
      expect(asked).toHaveLength(1);
    },
  );

  it('what was read in a snapshot is not asked for again, and what was not written needs no commit', async () => {
    const { mvcc, ids } = await begin();
    const transaction = mvcc.begin();
    for (const id of [...ids, ...ids]) await transaction.read(id);
    await transaction.commit();
    expect(asked).toHaveLength(1 + ids.length);
  });
});
