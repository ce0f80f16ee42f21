import { checkFunction } from '../core/check-argument.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { assertGate } from './gate.ts';
import type { Bake, MigrationStage } from './stage.ts';

/** @throws {@link InvalidArgumentError} if names are missing or not unique, or a gate or a bake time is not sound. */
export function assertStages(stages: readonly MigrationStage[]): void {
  if (!Array.isArray(stages) || stages.length === 0)
    throw new InvalidArgumentError('stages', 'at least one stage', stages);
  const names = new Set<string>();
  for (const [index, stage] of stages.entries()) {
    const what = `stages[${index}]`;
    if (typeof stage?.name !== 'string' || stage.name === '')
      throw new InvalidArgumentError(`${what}.name`, 'a name', stage?.name);
    checkFunction(stage.run, `${what}.run`);
    if (names.has(stage.name))
      throw new InvalidArgumentError(`${what}.name`, 'a name that no other stage has', stage.name);
    names.add(stage.name);
    for (const each of stage.gates ?? []) assertGate(each);
    if (stage.bake) {
      assertBake(stage.bake, `${what}.bake`);
      if (!stage.rollback)
        throw new InvalidArgumentError(`${what}.rollback`, 'a function, since the stage has a bake time', undefined);
    }
  }
}

/** @throws {@link InvalidArgumentError} if the bake could not tell a good stage from a bad one. */
export function assertBake(bake: Bake, what: string): void {
  if (!Array.isArray(bake?.gates) || bake.gates.length === 0)
    throw new InvalidArgumentError(`${what}: gates`, 'at least one gate', bake?.gates);
  for (const each of bake.gates) assertGate(each);
  const { durationMs, intervalMs } = bake;
  if (!Number.isFinite(durationMs) || durationMs < 0)
    throw new InvalidArgumentError(`${what}: durationMs`, 'at least 0 ms', durationMs);
  if (intervalMs !== undefined && !(intervalMs > 0))
    throw new InvalidArgumentError(`${what}: intervalMs`, 'more than 0 ms', intervalMs);
}
