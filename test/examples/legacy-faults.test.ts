import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultMeasures, measureFaults } from '../../examples/migrate-zyflow/faults/measure-faults.ts';
import legacy from '../../examples/migrate-zyflow/legacy/legacy-system.ts';
import { makeWorkspace } from '../../examples/migrate-zyflow/workspace/make-workspace.ts';
import type { Workspace } from '../../examples/migrate-zyflow/workspace/workspace.ts';
import { reference } from './legacy-reference-system.ts';

describe('the measures of the faults', () => {
  let folder: string;
  let workspace: Workspace;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faults-'));
    workspace = await makeWorkspace(join(folder, 'workspace'), 7);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('find every fault in the legacy system', async () => {
    const told: string[] = [];
    const readings = await measureFaults({
      system: legacy,
      workspace,
      folder,
      onMeasured: ({ id }, index, total) => told.push(`${id} ${index}/${total}`),
    });
    const found = new Map(readings.map((reading) => [reading.id, reading]));
    const exactly = (id: string) => [found.get(id)!.value, found.get(id)!.of];
    expect(exactly('F1')).toEqual([167, 391]);
    expect(found.get('F1')!.detail).toBe('improve-first-start has 32 of 32 ticked and shows 0 %');
    expect(exactly('F2')).toEqual([12, 12]);
    expect(found.get('F3')!.value).toBeGreaterThan(0);
    expect(exactly('F4')).toEqual([24, 24]);
    expect(exactly('F5')).toEqual([20, 20]);
    expect(exactly('F6')).toEqual([12, 12]);
    expect(found.get('F7')!.value).toBeGreaterThan(0);
    expect(found.get('F7')!.detail).toMatch(/^[1-9]\d* of 3600 tasks missing; UNIQUE constraint failed/);
    expect(exactly('F8')).toEqual([10, 10]);
    expect(exactly('F10')).toEqual([6, 6]);
    expect(found.get('LAT')!.samples).toHaveLength(40);
    expect(told).toEqual(faultMeasures.map(({ id }, index) => `${id} ${index + 1}/10`));
  });

  it('find nothing in a system that has none of them', async () => {
    const inOneProcess = faultMeasures.filter(({ id }) => id !== 'F7'); // it keeps nothing that a process could share
    const readings = await measureFaults({ system: reference, workspace, folder, measures: inOneProcess });
    const counts = readings.filter(({ of }) => of !== undefined);
    expect(counts).toHaveLength(8);
    for (const { id, value } of counts) expect([id, value]).toEqual([id, 0]);
    expect(readings.map(({ id }) => id)).toContain('LAT');
  });

  it('stop when they are told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(measureFaults({ system: reference, workspace, folder, signal })).rejects.toThrow('enough');
  });
});
