import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { SystemIntegrationValidator, type ValidationCheck } from '../../src/migration/system-integration-validator.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const passing: ValidationCheck = { name: 'passes', run: async () => ({ passed: true, detail: 'fine' }) };
const all = { functionality: [passing], performance: [passing], stability: [passing], security: [passing] };

describe('SystemIntegrationValidator', () => {
  test('is valid if every category was checked and every check passed', async () => {
    const validation = await new SystemIntegrationValidator({ ...all, clock: new FakeClock() }).validateSystem();
    expect(validation).toMatchObject({ isValid: true, unchecked: [] });
    expect(validation.results.map(({ category }) => category)).toEqual([
      'functionality',
      'performance',
      'stability',
      'security',
    ]);
    expect(validation.results[0]).toEqual({
      category: 'functionality',
      name: 'passes',
      passed: true,
      detail: 'fine',
      durationMs: 0,
    });
  });

  test('what was not checked is not valid', async () => {
    expect(await new SystemIntegrationValidator({}).validateSystem()).toEqual({
      isValid: false,
      results: [],
      unchecked: ['functionality', 'performance', 'stability', 'security'],
    });
    const partly = await new SystemIntegrationValidator({ ...all, security: [] }).validateSystem();
    expect(partly).toMatchObject({ isValid: false, unchecked: ['security'] });
  });

  test('a check that fails, throws, answers nonsense or hangs fails with its reason, and the others still run', async () => {
    const clock = new FakeClock();
    const checks: ValidationCheck[] = [
      { name: 'fails', run: async () => ({ passed: false, detail: 'open' }) },
      { name: 'throws', run: async () => Promise.reject(new Error('no route')) },
      {
        name: 'throws at once',
        run: () => {
          throw new Error('bad check');
        },
      },
      { name: 'nonsense', run: async () => ({ passed: 'yes' as never }) },
      { name: 'hangs', run: () => new Promise(() => {}) },
      passing,
    ];
    const validation = new SystemIntegrationValidator({
      ...all,
      security: checks,
      timeoutMs: 100,
      clock,
    }).validateSystem();
    await clock.advance(100);
    const { isValid, results } = await validation;
    expect(isValid).toBe(false);
    expect(results.slice(3).map(({ name, passed, detail, durationMs }) => [name, passed, detail, durationMs])).toEqual([
      ['fails', false, 'open', 0],
      ['throws', false, 'no route', 0],
      ['throws at once', false, 'bad check', 0],
      ['nonsense', false, '', 0],
      ['hangs', false, 'check "hangs" did not finish within 100 ms', 100],
      ['passes', true, 'fine', 0],
    ]);
  });

  test('an abort is no verdict', async () => {
    const controller = new AbortController();
    const hangs: ValidationCheck = { name: 'hangs', run: () => new Promise(() => {}) };
    const validation = new SystemIntegrationValidator({ ...all, functionality: [hangs] }).validateSystem({
      signal: controller.signal,
    });
    controller.abort(new Error('enough'));
    await expect(validation).rejects.toThrow('enough');
    expect(() => new SystemIntegrationValidator({ timeoutMs: 0 })).toThrow(InvalidArgumentError);
  });
});
