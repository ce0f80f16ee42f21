import assert from 'node:assert/strict';
import type { ExpectedVersion } from '../../core/expected-version.ts';
import { appended, assertConflict, batch, type DefineCase, event, readAllOf, readStream } from './case.ts';

const onMissing: [ExpectedVersion, boolean][] = [
  ['any', true],
  ['no_stream', true],
  [0, true],
  ['stream_exists', false],
  [1, false],
  [Number.MAX_SAFE_INTEGER, false],
];

const onVersion3: [ExpectedVersion, boolean][] = [
  ['any', true],
  ['stream_exists', true],
  [3, true],
  ['no_stream', false],
  [0, false],
  [2, false],
  [4, false],
  [Number.MAX_SAFE_INTEGER, false],
];

export function expectedVersionCases(define: DefineCase): void {
  for (const [before, expectations] of [
    [0, onMissing],
    [3, onVersion3],
  ] as const) {
    const state = before === 0 ? 'that does not exist' : `at version ${before}`;
    for (const [expected, meets] of expectations) {
      define(`ES2 a stream ${state} ${meets ? 'meets' : 'refuses'} ${expected}`, async (context) => {
        const { adapter, other } = context;
        const stream = context.name('stream');
        if (before > 0) await appended(adapter, batch(stream, before));
        const outcome = await other.append([batch(stream, 2, expected)]);
        if (meets) assert.equal(outcome.status, 'appended');
        else assertConflict(outcome, stream, before);
        const version = before + (meets ? 2 : 0);
        assert.equal(await adapter.streamVersion(stream), version);
        assert.equal((await readStream(adapter, stream)).length, version);
      });
    }
  }

  define('ES2 a refused append leaves no trace: no version, no position, no id', async (context) => {
    const { adapter } = context;
    const stream = context.name('stream');
    await appended(adapter, batch(stream, 1));
    const before = await adapter.lastPosition();
    const refused = [event(), event()];
    assertConflict(await adapter.append([batch(stream, refused, 5)]), stream, 1);
    assert.equal(await adapter.lastPosition(), before);
    assert.deepEqual(await readAllOf(adapter, [stream], before), []);
    const [result] = await appended(adapter, batch(stream, refused, 1));
    assert.equal(result?.version, 3);
  });

  define('ES2 each stream of an append is held against its own expected version', async (context) => {
    const { adapter } = context;
    const [one, two] = [context.name('one'), context.name('two')];
    await appended(adapter, batch(one, 1));
    await appended(adapter, batch(two, 2));
    assertConflict(await adapter.append([batch(one, 1, 1), batch(two, 1, 1)]), two, 2);
    assertConflict(await adapter.append([batch(one, 1, 2), batch(two, 1, 2)]), one, 1);
    await appended(adapter, batch(one, 1, 1), batch(two, 1, 2));
  });
}
