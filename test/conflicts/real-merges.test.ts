import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { threeWayMerge } from '../../src/conflicts/three-way-merge.ts';
import { jsonEqual } from '../../src/core/json-value.ts';
import { checkMerge } from '../invariants/models/merge-checker.ts';

const file = '../shared/data/merges/json.jsonl.gz';

interface RealMerge {
  readonly id: string;
  readonly git: { readonly clean: boolean };
  readonly base: unknown;
  readonly ours: unknown;
  readonly theirs: unknown;
  readonly merged: unknown;
}

describe.runIf(existsSync(file))('merges that people made', () => {
  it('CF4 CF5 none loses or invents anything, and where text merges cleanly the outcome is what people committed', () => {
    const cases = gunzipSync(readFileSync(file)).toString().trim().split('\n');
    let [clean, automatic, agreeing] = [0, 0, 0];
    for (const line of cases) {
      const { id, git, base, ours: local, theirs: remote, merged }: RealMerge = JSON.parse(line);
      const outcome = threeWayMerge({ base, local, remote });
      expect([id, checkMerge({ base, local, remote }, outcome)]).toEqual([id, { losses: [], inventions: [] }]);
      if (!git.clean) continue;
      clean++;
      if (outcome.conflicts.length === 0) automatic++;
      if (jsonEqual(outcome.state, merged)) agreeing++;
    }
    expect(automatic / clean).toBeGreaterThanOrEqual(0.996);
    expect(agreeing / clean).toBeGreaterThanOrEqual(0.996);
  });
});
