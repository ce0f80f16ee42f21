import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollbackFailedError } from '../../src/rollback/errors.ts';
import { RollbackManager } from '../../src/rollback/rollback-manager.ts';
import { runs } from './runs.ts';

// The system under rollback is one number; a strategy may stop at any point of its work, and so may its recovery.
const behaviour = fc.record({
  capture: fc.constantFrom('works', 'throws'),
  execute: fc.constantFrom('works', 'throws before', 'throws half-way', 'leaves it invalid'),
  validate: fc.constantFrom('works', 'throws'),
  recover: fc.constantFrom('works', 'throws', 'leaves it invalid'),
});

describe('rollback', () => {
  it('RB1 state is captured before and checked after; a failure is recovered and reported with both errors', async () => {
    await fc.assert(
      fc.asyncProperty(behaviour, async (how) => {
        const steps: string[] = [];
        let value = 2;
        let validations = 0;
        const manager = new RollbackManager<{ value: number }>(
          new Map([
            [
              1,
              {
                async execute({ stage, capturedState }) {
                  steps.push('execute');
                  expect(capturedState).toEqual({ value: 2 });
                  if (how.execute === 'throws before') throw new Error('execute');
                  value = how.execute === 'works' ? 1 : -1;
                  if (how.execute === 'throws half-way') throw new Error('execute');
                  return { stage };
                },
                async recover({ capturedState }, error) {
                  steps.push('recover');
                  expect(error).toBeInstanceOf(Error);
                  if (how.recover === 'throws') throw new Error('recover');
                  value = how.recover === 'works' ? capturedState.value : -1;
                },
              },
            ],
          ]),
          {
            async captureState() {
              steps.push('capture');
              if (how.capture === 'throws') throw new Error('capture');
              return { value };
            },
            async validate() {
              steps.push('validate');
              if (how.validate === 'throws' && validations++ === 0) throw new Error('validate');
              return { isValid: value > 0, errors: value > 0 ? [] : ['negative'] };
            },
          },
        );
        const outcome = await manager.executeRollback(1).then(
          (result) => ({ result, error: undefined }),
          (error: unknown) => ({ result: undefined, error }),
        );
        if (how.capture === 'throws') {
          expect(steps).toEqual(['capture']);
          expect(value).toBe(2);
          expect(outcome.error).toEqual(new Error('capture'));
          return;
        }
        expect(steps.slice(0, 2)).toEqual(['capture', 'execute']);
        const executed = how.execute === 'works' || how.execute === 'leaves it invalid';
        if (how.execute === 'works' && how.validate === 'works') {
          expect(outcome.result).toEqual({ stage: 1 });
          expect(steps).toEqual(['capture', 'execute', 'validate']);
          return;
        }
        const { error } = outcome;
        if (!(error instanceof RollbackFailedError)) throw error ?? new Error('it should have failed');
        expect(error.stage).toBe(1);
        expect(error.cause).toBeInstanceOf(Error);
        expect(steps.includes('recover')).toBe(true);
        // The first check may itself be what fails, either after executing or after recovering.
        const lastCheckThrows = how.validate === 'throws' && !executed;
        const recovered = how.recover === 'works' && !lastCheckThrows;
        expect(error.recovered).toBe(recovered);
        if (recovered) expect(value).toBe(2);
        else expect(error.recoveryError).toBeInstanceOf(Error);
      }),
      runs(200),
    );
  });

  it('RB1 rollbacks asked for at once run one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, callers) => {
        let running = 0;
        const pause = scheduler.scheduleFunction(async function step() {});
        const manager = new RollbackManager(
          new Map([
            [
              1,
              {
                async execute() {
                  expect(++running).toBe(1);
                  await pause();
                  running--;
                  return { stage: 1 };
                },
                async recover() {},
              },
            ],
          ]),
          { captureState: async () => ({}), validate: async () => ({ isValid: true, errors: [] }) },
        );
        const all = Promise.all(Array.from({ length: callers }, () => manager.executeRollback(1)));
        await scheduler.waitFor(all);
        expect(await all).toHaveLength(callers);
      }),
      runs(50),
    );
  });
});
