import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { murmur3 } from '../../src/core/murmur3.ts';

const vectors = '../shared/vectors/unleash-client-specification/specifications';

describe('murmur3', () => {
  it.each([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['hello', 0, 0x248bfa47],
    ['hello, world', 0, 0x149bbb7f],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    ['test', 0x9747b28c, 0x704b81dc],
  ])('TR3 the hash agrees with the published value of %j with seed %i', (text, seed, hash) => {
    expect(murmur3(text, seed)).toBe(hash);
  });

  it('TR3 the hash agrees with the percentages that Unleash publishes', () => {
    const percentage = (group: string, id: string) => (murmur3(`${group}:${id}`) % 100) + 1;
    expect(percentage('gr1', '123')).toBe(73);
    expect(percentage('groupX', '999')).toBe(25);
  });

  it('hashes text beyond ASCII as its UTF-8 bytes', () => {
    expect(murmur3('ππππππππ', 0x9747b28c)).toBe(0xd58063c1);
  });
});

interface Specification {
  state: { features: { name: string; strategies?: { name: string; parameters?: Record<string, string> }[] }[] };
  tests?: { description: string; context: { userId?: string }; toggleName: string; expectedResult: boolean }[];
}

describe.runIf(existsSync(vectors))('the Unleash client specification', () => {
  it('TR3 gradual rollout by user id decides as the specification says', () => {
    const specification: Specification = JSON.parse(
      readFileSync(`${vectors}/03-gradual-rollout-user-id-strategy.json`, 'utf8'),
    );
    let checked = 0;
    for (const test of specification.tests ?? []) {
      const strategy = specification.state.features.find((feature) => feature.name === test.toggleName)
        ?.strategies?.[0];
      const userId = test.context.userId;
      if (strategy?.name !== 'gradualRolloutUserId' || userId === undefined) continue;
      const { percentage = '0', groupId = '' } = strategy.parameters ?? {};
      const enabled = Number(percentage) > 0 && (murmur3(`${groupId}:${userId}`) % 100) + 1 <= Number(percentage);
      expect([test.description, enabled]).toEqual([test.description, test.expectedResult]);
      checked++;
    }
    expect(checked).toBeGreaterThan(0);
  });
});
