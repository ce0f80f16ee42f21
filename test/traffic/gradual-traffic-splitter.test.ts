import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/core/errors.ts';
import { GradualTrafficSplitter } from '../../src/traffic/gradual-traffic-splitter.ts';

describe('GradualTrafficSplitter', () => {
  it('begins with everything on legacy and ends with everything on new', async () => {
    const splitter = new GradualTrafficSplitter();
    expect(await splitter.determineTarget({ key: 'a' })).toBe('legacy');
    splitter.setNewSystemTraffic(100);
    expect(await splitter.determineTarget({ key: 'a' })).toBe('new');
  });

  it('adds and takes away percentage points within 0 and 100', () => {
    const splitter = new GradualTrafficSplitter({ initialPercentage: 30 });
    splitter.increaseNewSystemTraffic(80);
    expect(splitter.newSystemTrafficPercentage).toBe(100);
    splitter.decreaseNewSystemTraffic(40);
    expect(splitter.newSystemTrafficPercentage).toBe(60);
    splitter.decreaseNewSystemTraffic(100);
    expect(splitter.newSystemTrafficPercentage).toBe(0);
  });

  it.each([Number.NaN, -1, 100.1, Number.POSITIVE_INFINITY])(
    'refuses %d as a percentage and stays as it was',
    (bad) => {
      const splitter = new GradualTrafficSplitter({ initialPercentage: 5 });
      expect(() => splitter.setNewSystemTraffic(bad)).toThrow(InvalidArgumentError);
      expect(() => splitter.increaseNewSystemTraffic(bad)).toThrow(InvalidArgumentError);
      expect(() => splitter.decreaseNewSystemTraffic(bad)).toThrow(InvalidArgumentError);
      expect(() => new GradualTrafficSplitter({ initialPercentage: bad })).toThrow(InvalidArgumentError);
      expect(splitter.newSystemTrafficPercentage).toBe(5);
    },
  );

  it('refuses a request without a key', async () => {
    const splitter = new GradualTrafficSplitter<{ key?: string }>();
    await expect(splitter.determineTarget({})).rejects.toThrow(InvalidArgumentError);
  });

  it('routes by whatever keyOf names', async () => {
    const splitter = new GradualTrafficSplitter<{ project: string; change: string }>({
      keyOf: ({ project, change }) => `${project}/${change}`,
      initialPercentage: 50,
    });
    const request = { project: 'p', change: 'c' };
    expect(await splitter.determineTarget(request)).toBe(splitter.targetOf('p/c'));
  });
});
