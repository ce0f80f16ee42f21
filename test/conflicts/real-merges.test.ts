import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { applyResolutions } from '../../src/conflicts/apply-resolutions.ts';
import { AutoConflictResolver } from '../../src/conflicts/auto-conflict-resolver.ts';
import { ManualResolutionRequired } from '../../src/conflicts/conflict-resolution.ts';
import { readyRules } from '../../src/conflicts/ready-rules.ts';
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

const readCases = () =>
  gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .map((line): RealMerge => JSON.parse(line));

describe.runIf(existsSync(file))('merges that people made', () => {
  it('CF4 CF5 none loses or invents anything, and where text merges cleanly the outcome is what people committed', () => {
    let [clean, automatic, agreeing] = [0, 0, 0];
    for (const { id, git, base, ours: local, theirs: remote, merged } of readCases()) {
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

  it('of those that conflict as text more than half merge, and with the ready-made rules nineteen in twenty', async () => {
    const cases = readCases().filter(({ git }) => !git.clean);
    for (const deletions of ['edit-wins', 'deletion-wins'] as const) {
      const resolver = new AutoConflictResolver({ rules: readyRules({ deletions }) });
      let [automatic, decided, agreeing] = [0, 0, 0];
      for (const { base, ours: local, theirs: remote, merged } of cases) {
        const { state, conflicts } = threeWayMerge({ base, local, remote });
        const resolutions = await resolver.resolve(conflicts);
        const swapped = await resolver.resolve(threeWayMerge({ base, local: remote, remote: local }).conflicts);
        expect(swapped.map(({ value }) => value)).toEqual(resolutions.map(({ value }) => value));
        expect(resolutions.filter(({ reason }) => reason === '')).toEqual([]);
        if (conflicts.length === 0) automatic++;
        if (resolutions.some((resolution) => resolution instanceof ManualResolutionRequired)) continue;
        decided++;
        if (jsonEqual(applyResolutions(state, resolutions), merged)) agreeing++;
      }
      expect(automatic / cases.length).toBeGreaterThanOrEqual(0.56);
      expect(decided / cases.length).toBeGreaterThanOrEqual(0.95);
      expect(agreeing / cases.length).toBeGreaterThanOrEqual(deletions === 'edit-wins' ? 0.59 : 0.64);
    }
  });
});
