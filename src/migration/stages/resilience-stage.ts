import { checkMethods } from '../../core/check-argument.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import { gate } from '../gate.ts';
import type { MigrationStage } from '../stage.ts';
import { bakeWith, type StageOptions } from './stage-options.ts';

/** What came of one injected fault. */
export interface DrillResult {
  readonly recovered: boolean;
  readonly detail?: string;
}

/** A fault put in on purpose, and whether the system got over it by itself. */
export interface RecoveryDrill {
  readonly name: string;
  /** Leaves the system as it found it. A drill that throws stops the stage: it says nothing of recovery. */
  run(signal: AbortSignal): Promise<DrillResult>;
}

/** The parts of {@link resilienceStage}. */
export interface ResilienceStageOptions extends StageOptions {
  /** Puts cache, circuit breakers and recovery into the path, in this process. */
  readonly enable: () => Promise<void> | void;
  /** Takes them out of it. */
  readonly disable: () => Promise<void> | void;
  readonly drills: readonly RecoveryDrill[];
  /** The smallest share of drills that must recover, in percent 0-100. Default 90. */
  readonly minRecoveredPercent?: number;
}

/**
 * Stage 4: cache, breakers and recovery are in the path, and have been seen to work.
 *
 * @throws {@link InvalidArgumentError} if there is no drill: recovery that nobody has seen does not count.
 */
export function resilienceStage(options: ResilienceStageOptions): MigrationStage {
  checkMethods(options, 'options', 'an object with enable()', 'enable');
  if (!Array.isArray(options.drills))
    throw new InvalidArgumentError('options.drills', 'a list of drills', options.drills);
  const { name = 'resilience', gates, bake, enable, disable, drills, minRecoveredPercent = 90 } = options;
  if (drills.length === 0) throw new InvalidArgumentError('drills', 'at least one drill', drills);
  let results: readonly DrillResult[] = [];
  const recovered = gate.atLeast(
    'failures recovered, percent',
    minRecoveredPercent,
    () => {
      const good = results.filter((result) => result.recovered).length;
      return { value: (100 * good) / results.length, samples: results.length };
    },
    { minimumSamples: drills.length },
  );
  return {
    name,
    ...(gates && { gates }),
    bake: bakeWith([recovered], bake),
    async activate() {
      await enable();
    },
    async run({ step, progress }) {
      const done: DrillResult[] = [];
      for (const drill of drills) {
        done.push(await step(`drill ${drill.name}`, (signal) => drill.run(signal)));
        progress((100 * done.length) / drills.length, drill.name);
      }
      results = done;
    },
    async deactivate() {
      await disable();
    },
    async rollback() {
      // Nothing outlives the process but the drills' results, which the runner forgets.
    },
  };
}
