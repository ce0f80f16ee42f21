// Rolls a stage back: the state is captured before and checked after, and a rollback that goes wrong is undone itself.
import assert from 'node:assert/strict';
import { RollbackFailedError, RollbackManager, type RollbackStrategy, type SystemValidator } from '@zyflow/migration';

interface Ledger {
  tasks: Record<string, string>;
  servedBy: 'legacy' | 'new';
}

let ledger: Ledger = { tasks: { 'task-1': 'written before the cutover' }, servedBy: 'new' };
ledger.tasks['task-2'] = 'written after the cutover';

const validator: SystemValidator<Ledger> = {
  captureState: async () => structuredClone(ledger),
  async validate(captured) {
    const lost = Object.keys(captured.tasks).filter((id) => !(id in ledger.tasks));
    return { isValid: lost.length === 0, errors: lost.map((id) => `${id} was lost`) };
  },
};

const careless: RollbackStrategy<Ledger> = {
  async execute({ stage }) {
    ledger = { tasks: { 'task-1': 'written before the cutover' }, servedBy: 'legacy' };
    return { stage };
  },
  async recover({ capturedState }) {
    ledger = structuredClone(capturedState);
  },
};
const careful: RollbackStrategy<Ledger> = {
  async execute({ stage }) {
    ledger = { ...ledger, servedBy: 'legacy' };
    return { stage, kept: Object.keys(ledger.tasks).length };
  },
  recover: careless.recover,
};

const manager = new RollbackManager(
  new Map([
    [4, careless],
    [5, careful],
  ]),
  validator,
);

const failure = await manager.executeRollback(4).catch((error: unknown) => error);
assert.ok(failure instanceof RollbackFailedError && failure.recovered);
assert.equal(ledger.servedBy, 'new');
console.log(failure.message);

const result = await manager.executeRollback(5);
assert.deepEqual(Object.keys(ledger.tasks), ['task-1', 'task-2']);
console.log(
  `stage ${result.stage} rolled back: served by ${ledger.servedBy} again, ${result.kept} tasks kept, none lost`,
);
