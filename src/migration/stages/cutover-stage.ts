import { checkFunction, checkMethods, checkObject } from '../../core/check-argument.ts';
import { InvalidArgumentError } from '../../core/errors.ts';
import { assertBake } from '../assert-stages.ts';
import { StageCheckFailedError } from '../errors.ts';
import type { RemovalReport } from '../legacy-removal-script.ts';
import type { Bake, MigrationStage, StageCheckpoint, StageContext } from '../stage.ts';
import type { SystemValidation } from '../system-integration-validator.ts';
import type { StageOptions } from './stage-options.ts';

/** The part of a gradual traffic splitter that the stage needs. */
export interface TrafficControl {
  /** Share of the traffic on the new system, in percent 0-100; takes effect for the next request. */
  setNewSystemTraffic(percent: number): Promise<void> | void;
}

/** The part of a final data synchronizer that the stage needs. */
export interface FinalSync {
  performFinalSync(options: { readonly signal: AbortSignal }): Promise<{
    readonly success: boolean;
    readonly migratedRecords: number;
    readonly errors: readonly unknown[];
    readonly quarantined: readonly unknown[];
    readonly differences: readonly unknown[];
  }>;
}

/** The parts of {@link cutoverStage}. */
export interface CutoverStageOptions extends StageOptions {
  readonly traffic: TrafficControl;
  /** The shares of traffic the new system gets one after the other, in percent; the last is 100. Default 1, 5, 25, 50, 100. */
  readonly percentages?: readonly number[];
  /** How each share is watched before the next; gates that fail take all traffic back to the legacy system. */
  readonly canary: Bake;
  /** Makes the synchronizer; with the checkpoint given, it goes on after a crash where it was. */
  readonly finalSync: (checkpoint: StageCheckpoint<string | null>) => FinalSync;
  /** Looks at the whole system when all data is there. */
  readonly validator?: { validateSystem(options: { readonly signal: AbortSignal }): Promise<SystemValidation> };
  /** Takes the legacy system away. Its `restore` must do nothing where nothing was removed. */
  readonly removal?: { removeLegacyComponents(): Promise<RemovalReport>; restore(): Promise<unknown> };
  /**
   * Brings what was written to the new system since the cutover into the legacy system, or into an archive that the
   * result names (RB4). Called on rollback, twice: before the traffic goes back, so that users find their data, and after
   * it, for what was written in between. Must be idempotent.
   */
  readonly carryBack: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Stage 5: the new system takes over, share by share, and the legacy system can be taken back at any time.
 *
 * Each share is watched before the next. With all traffic on the new system the last data is synchronized, the system
 * validated and the legacy system removed, in this order; each must succeed for the next to begin.
 *
 * @throws {@link InvalidArgumentError} if the percentages don't rise to 100, or a part is missing: better now than when
 * there is something to roll back.
 */
export function cutoverStage(options: CutoverStageOptions): MigrationStage {
  checkObject(options);
  const { name = 'cutover', gates, bake, traffic, percentages = [1, 5, 25, 50, 100] } = options;
  const { canary, finalSync, validator, removal, carryBack } = options;
  const rising = percentages.every((percent, i) => percent > (percentages[i - 1] ?? 0));
  if (!rising || percentages.at(-1) !== 100) {
    throw new InvalidArgumentError('percentages', 'numbers above 0 that rise to 100', percentages.join(', '));
  }
  checkMethods(traffic, 'traffic', 'a splitter with setNewSystemTraffic()', 'setNewSystemTraffic');
  checkFunction(finalSync, 'finalSync');
  checkFunction(carryBack, 'carryBack');
  assertBake(canary, 'canary');
  return {
    name,
    ...(gates && { gates }),
    ...(bake && { bake }),
    async activate({ recorded }) {
      // A splitter in memory begins at nothing in every process.
      const reached = percentages.findLast((percent) => recorded(trafficStep(percent)) !== undefined);
      if (reached !== undefined) await traffic.setNewSystemTraffic(reached);
    },
    async run(context) {
      for (const percent of percentages) {
        await setTraffic(context, traffic, percent);
        await context.bake(`watch ${percent} %`, canary);
        context.progress(percent, `${percent} % of the traffic on the new system`);
      }
      await context.step('final synchronization', (signal) =>
        synchronize(finalSync(context.checkpoint('final synchronization')), signal),
      );
      if (validator) await context.step('validate the system', (signal) => validate(validator, signal));
      if (removal)
        await context.step('remove the legacy system', async () => ({ ...(await removal.removeLegacyComponents()) }));
    },
    async rollback(context) {
      if (removal) await context.step('restore the legacy system', async () => void (await removal.restore()));
      await context.step('carry back before the switch', carryBack);
      await setTraffic(context, traffic, 0);
      await context.step('carry back after the switch', carryBack);
    },
  };
}

const trafficStep = (percent: number) => `traffic ${percent} %`;

async function setTraffic({ step }: StageContext, traffic: TrafficControl, percent: number): Promise<void> {
  await step(trafficStep(percent), async () => {
    await traffic.setNewSystemTraffic(percent);
    return { percent };
  });
}

async function synchronize(finalSync: FinalSync, signal: AbortSignal) {
  const { success, migratedRecords, errors, quarantined, differences } = await finalSync.performFinalSync({ signal });
  if (success) return { migratedRecords };
  const counts = `${differences.length} differences, ${quarantined.length} records set aside, ${errors.length} errors`;
  throw new StageCheckFailedError('the final synchronization', `left ${counts}`, { cause: errors[0] });
}

async function validate(validator: NonNullable<CutoverStageOptions['validator']>, signal: AbortSignal) {
  const { isValid, results, unchecked } = await validator.validateSystem({ signal });
  if (isValid) return { checks: results.length };
  const bad = results.filter((result) => !result.passed).map((result) => `${result.name}: ${result.detail}`);
  const missing = unchecked.map((category) => `no check of ${category}`);
  throw new StageCheckFailedError('the validation of the system', `found ${[...bad, ...missing].join('; ')}`);
}
