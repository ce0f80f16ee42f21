import { describe, expect, it } from 'vitest';
import { compareVersions, isMovingVersion } from '../../src/conflicts/version-order.ts';

describe('the order of versions', () => {
  // SemVer 2.0.0, section 11, from the lowest to the highest.
  const inOrder = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.9.0',
    '1.10.0',
    '2.0.0-dev',
    '2.0.0',
  ];
  it('is that of Semantic Versioning', () => {
    for (const [at, one] of inOrder.entries()) {
      for (const [other, text] of inOrder.entries())
        expect(Math.sign(compareVersions(one, text)!)).toBe(Math.sign(at - other));
    }
  });

  it.each([
    ['^1.2', '~1.3', -1],
    ['~2.12', '^2.11.2', 1],
    ['>=5.3.9', '>=7.0.8', -1],
    ['^5.5.9|>=7.0.8', '>=5.3.9', 1],
    ['^2 || ^3', '^2.5', 1],
    ['v1.2', '1.2.0', 0],
    ['1.2.x', '1.2.7', 1],
    ['1.0.0+build', '1.0.0', 0],
    ['>=1.0 <3.0', '2.9', 1],
    ['1.0.242', '1.1.244', -1],
  ])('of %s and %s', (a, b, order) => {
    expect(Math.sign(compareVersions(a, b)!)).toBe(order);
    expect(Math.sign(compareVersions(b, a)!)).toBe(-order + 0);
  });

  it.each([
    '',
    'y',
    'y #1',
    'latest',
    'github:a/b#develop',
    '1.2.3.4 and more',
    'workspace:*',
    '2026-11-28T10:00',
    '#1',
  ])('there is none for %j', (text) => {
    expect(compareVersions(text, '1.0.0')).toBeUndefined();
  });

  it('tells branches from releases and commits', () => {
    for (const text of ['dev-master', 'github:a/b#develop', 'a/b#main', 'self.version'])
      expect(isMovingVersion(text)).toBe(true);
    for (const text of ['1.0.0', 'a/b#3ee2648', 'y #1', 'a b/c#d', '']) expect(isMovingVersion(text)).toBe(false);
  });
});
