// Read by the type checker alone (`npm run check:types`): a state is asked for by version or by moment.
import { StateManager } from '../../src/state/state-manager.ts';

const states = new StateManager<{ n: number }>();
export const read = [
  states.get('a'),
  states.get('a', { version: 1 }),
  states.get('a', { at: new Date() }),
  states.get('a', { at: Date.now() - 3_600_000 }),
  // @ts-expect-error only one of them could be followed
  states.get('a', { version: 1, at: new Date() }),
];
