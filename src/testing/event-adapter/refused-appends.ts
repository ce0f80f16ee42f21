import type { AppendCondition, EventBatch } from '../../events/event-adapter.ts';
import { appended, batch, type CaseContext, event } from './case.ts';

/** Appends one batch, under a condition where there is one, and gives its status. */
type Append = (one: EventBatch, condition?: AppendCondition) => Promise<string>;

/** Appends that are refused, by why. */
export const refusedAppends: readonly (readonly [
  why: string,
  refuse: (context: CaseContext, append: Append) => Promise<string>,
])[] = [
  [
    'of an id that is stored',
    async ({ adapter, name }, append) => {
      const known = event();
      await appended(adapter, batch(name('s'), [known]));
      return append(batch(name('s'), [known]));
    },
  ],
  ['of its expected version', async ({ name }, append) => append(batch(name('s'), 1, 3))],
  [
    'of a deleted stream',
    async ({ adapter, name }, append) => {
      await adapter.deleteStream(name('s'), 'any');
      return append(batch(name('s')));
    },
  ],
  [
    'of its condition',
    async ({ adapter, name }, append) => {
      const [tag, after] = [name('tag'), await adapter.lastPosition()];
      await appended(adapter, batch(name('s'), [event({ tags: [tag] })]));
      return append(batch(name('s')), { failIfEventsMatch: [{ tags: [tag] }], after });
    },
  ],
];
