import assert from 'node:assert/strict';
import type { AppendCondition, EventBatch } from '../../events/event-adapter.ts';
import { appended, batch, type CaseContext, type DefineCase, event } from './case.ts';

/** An append that several things speak against. */
interface Refused {
  readonly batches: readonly EventBatch[];
  readonly condition?: AppendCondition;
}

/** What an append can fail on. */
interface Obstacles {
  /** An event that is stored, at the only version of the stream `there`. */
  readonly known: EventBatch['events'][number];
  readonly there: string;
  readonly gone: string;
  readonly broken: AppendCondition;
  readonly fresh: string;
}

const orders: [title: string, append: (obstacles: Obstacles) => Refused, status: string, of?: 'there' | 'gone'][] = [
  ['a stored id goes before a conflict', ({ known, there }) => ({ batches: [batch(there, [known], 7)] }), 'existing'],
  [
    'a stored id in the last batch goes before a conflict in the first',
    ({ known, there, fresh }) => ({ batches: [batch(there, 1, 7), batch(fresh, [known])] }),
    'existing',
  ],
  [
    'a stored id goes before the deletion of its batch’s stream',
    ({ known, gone }) => ({ batches: [batch(gone, [known])] }),
    'existing',
  ],
  [
    'a stored id in the last batch goes before a deleted stream in the first',
    ({ known, gone, fresh }) => ({ batches: [batch(gone, 1), batch(fresh, [known])] }),
    'existing',
  ],
  [
    'a stored id goes before a condition',
    ({ known, fresh, broken }) => ({ batches: [batch(fresh, [known])], condition: broken }),
    'existing',
  ],
  ['a deleted stream goes before its version', ({ gone }) => ({ batches: [batch(gone, 1, 7)] }), 'deleted', 'gone'],
  [
    'a deleted stream goes before a condition',
    ({ gone, broken }) => ({ batches: [batch(gone, 1)], condition: broken }),
    'deleted',
    'gone',
  ],
  [
    'a conflict goes before a condition',
    ({ there, broken }) => ({ batches: [batch(there, 1, 7)], condition: broken }),
    'conflict',
    'there',
  ],
  [
    'a conflict in the last batch goes before a condition',
    ({ fresh, there, broken }) => ({ batches: [batch(fresh, 1), batch(there, 1, 0)], condition: broken }),
    'conflict',
    'there',
  ],
  [
    'a conflict in the first batch goes before a deleted stream in the last',
    ({ there, gone }) => ({ batches: [batch(there, 1, 7), batch(gone, 1)] }),
    'conflict',
    'there',
  ],
  [
    'a deleted stream in the first batch goes before a conflict in the last',
    ({ there, gone }) => ({ batches: [batch(gone, 1), batch(there, 1, 7)] }),
    'deleted',
    'gone',
  ],
  [
    'of two conflicts the first batch is told',
    ({ there, fresh }) => ({ batches: [batch(there, 1, 7), batch(fresh, 1, 7)] }),
    'conflict',
    'there',
  ],
  [
    'of everything at once the stored id is told',
    ({ known, there, gone, fresh, broken }) => ({
      batches: [batch(there, 1, 7), batch(gone, 1, 7), batch(fresh, [event(), known], 7)],
      condition: broken,
    }),
    'existing',
  ],
];

export function refusalOrderCases(define: DefineCase): void {
  for (const [title, append, status, of] of orders) {
    define(title, async (context) => {
      const { adapter, other } = context;
      const obstacles = await makeObstacles(context);
      const { batches, condition } = append(obstacles);
      const before = await adapter.lastPosition();
      const outcome = await other.append(batches, { condition });
      assert.equal(outcome.status, status, JSON.stringify(outcome));
      if (of) assert.equal('stream' in outcome && outcome.stream, obstacles[of]);
      assert.equal(await adapter.lastPosition(), before);
      assert.equal(await adapter.streamVersion(obstacles.there), 1);
      assert.equal(await adapter.streamVersion(obstacles.fresh), 0);
    });
  }
}

async function makeObstacles({ adapter, name }: CaseContext): Promise<Obstacles> {
  const [there, gone, tag] = [name('there'), name('gone'), name('tag')];
  const after = await adapter.lastPosition();
  const known = event({ tags: [tag] });
  await appended(adapter, batch(gone, 2), batch(there, [known]));
  await adapter.deleteStream(gone, 2);
  return { known, there, gone, broken: { failIfEventsMatch: [{ tags: [tag] }], after }, fresh: name('fresh') };
}
