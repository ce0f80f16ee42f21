// Two people edit one task list. Everything that can stand together does; the rest is decided by policy, or by a person
// much later, from a record that was JSON in between.
import assert from 'node:assert/strict';
import {
  AutoConflictResolver,
  applyResolutions,
  Conflict,
  ConflictResolution,
  ConflictType,
  LastWriterWinsStrategy,
  ManualQueue,
  ManualResolutionRequired,
  ManualStrategy,
  PreserveStrategy,
  RememberedDecisions,
  ResolutionLog,
  readyRules,
  renderConflicts,
  threeWayMerge,
  undoResolution,
} from '@zyflow/migration';

const base = {
  title: 'Release 1.0',
  owner: 'ana',
  tags: ['release'],
  steps: [
    { id: 1, text: 'write the changelog', done: false },
    { id: 2, text: 'tag', done: false },
    { id: 3, text: 'announce', done: false },
  ],
};
// In the file: a new title, step 1 done, step 3 removed.
const local = {
  ...base,
  title: 'Release 1.0 (May)',
  owner: 'ben',
  tags: ['release', 'may'],
  steps: [
    { id: 1, text: 'write the changelog', done: true },
    { id: 2, text: 'tag', done: false },
  ],
};
// In the database, ten seconds later: another order, step 3 edited, a new step, another owner.
const remote = {
  ...base,
  owner: 'eve',
  tags: ['release', 'big'],
  steps: [
    { id: 2, text: 'tag', done: false },
    { id: 1, text: 'write the changelog', done: false },
    { id: 3, text: 'announce everywhere', done: false },
    { id: 4, text: 'rest', done: false },
  ],
};

const { state, conflicts } = threeWayMerge({
  subject: 'release-1.0',
  base,
  local,
  remote,
  localStamps: { timestamp: 1_700_000_000, nodeId: 'file' },
  remoteStamps: { timestamp: 1_700_000_010_000, nodeId: 'database' },
});
console.log('merged, with what is undecided as it was:');
console.log(JSON.stringify(state, undefined, 2));
for (const conflict of conflicts) console.log(`conflict at ${conflict.path}: ${conflict.reason}`);
assert.equal(state.title, 'Release 1.0 (May)');
assert.deepEqual(state.tags, ['release', 'big', 'may']);
assert.deepEqual(
  state.steps.map((step) => [step.id, step.done]),
  [
    [2, false],
    [1, true],
    [3, false],
    [4, false],
  ],
);
assert.deepEqual(
  conflicts.map(({ type, path }) => [type, path]),
  [
    [ConflictType.FIELD_CONFLICT, '/owner'],
    [ConflictType.DELETION_CONFLICT, '/steps/2'],
  ],
);

// A policy for deletions; what has none is left to a person.
const resolver = new AutoConflictResolver({
  strategies: new Map([[ConflictType.DELETION_CONFLICT, new PreserveStrategy()]]),
});
const resolutions = await resolver.resolve(conflicts);
const decided = applyResolutions(state, resolutions);
for (const { conflict, strategy, reason } of resolutions) console.log(`${conflict.path}: ${strategy}, ${reason}`);
assert.equal(decided.steps[2]?.text, 'announce everywhere');
assert.equal(decided.owner, 'ana');

// The record waits in a database until somebody decides; meanwhile the list has moved on.
const stored = resolutions
  .filter((resolution) => resolution instanceof ManualResolutionRequired)
  .map((resolution) => JSON.stringify(resolution.conflict));
const later = { ...decided, steps: decided.steps.map((step) => ({ ...step, done: true })) };
const answer = stored.map((text) =>
  ConflictResolution.choose(Conflict.fromJSON(JSON.parse(text)), 'remote', { strategy: 'person', reason: 'asked ana' }),
);
const final = applyResolutions(later, answer);
console.log(`owner after the decision: ${final.owner}`);
assert.equal(final.owner, 'eve');
assert.ok(final.steps.every((step) => step.done));

// Waiting in a queue: shown to people, decided by one of them, and decided alike when the same merge comes again.
const decisions = new RememberedDecisions();
const queue = new ManualQueue({ decisions });
const log = new ResolutionLog();
const careful = new AutoConflictResolver({
  rules: [{ path: '/owner', strategy: new ManualStrategy() }, ...readyRules({ deletions: 'deletion-wins' })],
  decisions,
  queue,
  log,
});
await careful.resolve(conflicts);
const waiting = await queue.pending();
console.log(renderConflicts(waiting));
const [owner] = waiting;
assert.ok(owner && waiting.length === 1);
let shared = state;
await queue.decide(owner.id, { value: 'ben and eve' }, { by: 'ana', reason: 'they share it' }, (decision) => {
  // The conflict waits until this is stored.
  shared = applyResolutions(shared, [decision]);
});
assert.equal(shared.owner, 'ben and eve');
const again = await careful.resolve(conflicts);
assert.equal(applyResolutions(state, again).owner, 'ben and eve');

// What was decided without asking can be undone, long after.
const [entry] = await log.entries();
assert.equal(entry?.resolution.strategy, 'deletion-wins');
const without = applyResolutions(state, again);
assert.equal(without.steps.length, 3);
assert.equal(undoResolution(without, entry.resolution).steps.length, 4);

// The same conflict under last-writer-wins: ten seconds are ten seconds, in seconds or in milliseconds.
const lastWriter = new AutoConflictResolver({
  strategies: new Map([[ConflictType.FIELD_CONFLICT, new LastWriterWinsStrategy()]]),
});
const [byTime] = await lastWriter.resolve(conflicts.slice(0, 1));
console.log(`last writer wins: ${JSON.stringify(byTime?.value)}, ${byTime?.reason}`);
assert.equal(byTime?.value, 'eve');
assert.deepEqual(byTime?.dropped, [{ side: 'local', value: 'ben' }]);
