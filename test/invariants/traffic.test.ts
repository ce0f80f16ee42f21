import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradualTrafficSplitter } from '../../src/traffic/gradual-traffic-splitter.ts';
import { TrafficRouter } from '../../src/traffic/traffic-router.ts';
import { runs } from './runs.ts';

// Spread evenly: fast-check's doubles crowd around 0, where every key is on legacy.
const percentage = fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1000);
const keys = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 20, maxLength: 20 });
const splitter = (initialPercentage: number, salt = 'zyflow') =>
  new GradualTrafficSplitter({ initialPercentage, salt });

describe('traffic', () => {
  it('TR1 the same key gets the same target at the same percentage on every node, however it got there', async () => {
    await fc.assert(
      fc.asyncProperty(keys, percentage, fc.array(percentage), async (keys, target, path) => {
        const oneNode = splitter(target);
        const otherNode = splitter(0);
        for (const step of path) otherNode.setNewSystemTraffic(step);
        otherNode.setNewSystemTraffic(target);
        for (const key of keys) {
          expect(await oneNode.determineTarget({ key })).toBe(await otherNode.determineTarget({ key }));
        }
      }),
      runs(100),
    );
  });

  it("TR2 a key that is on 'new' stays there at every higher percentage", () => {
    fc.assert(
      fc.property(keys, percentage, percentage, (keys, a, b) => {
        const [lower, higher] = [splitter(Math.min(a, b)), splitter(Math.max(a, b))];
        for (const key of keys) if (lower.targetOf(key) === 'new') expect(higher.targetOf(key)).toBe('new');
      }),
      runs(300),
    );
  });

  it("TR3 the share of keys on 'new' is the percentage within the binomial bound", () => {
    const keys = 20_000;
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(0, 0.5, 1, 5, 25, 50, 75, 99, 100), (salt, percent) => {
        const split = splitter(percent, salt);
        let onNew = 0;
        for (let i = 0; i < keys; i++) if (split.targetOf(`key-${i}`) === 'new') onNew++;
        const p = percent / 100;
        // Six standard deviations: a fair hash fails this once in some five hundred million tries.
        expect(Math.abs(onNew - keys * p)).toBeLessThanOrEqual(6 * Math.sqrt(keys * p * (1 - p)));
      }),
      runs(50),
    );
  });

  it('TR3 two migrations do not pick the same keys', () => {
    const one = splitter(10, 'one');
    const other = splitter(10, 'other');
    const both = Array.from({ length: 10_000 }, (_, i) => `key-${i}`).filter(
      (key) => one.targetOf(key) === 'new' && other.targetOf(key) === 'new',
    );
    expect(both.length).toBeGreaterThan(40);
    expect(both.length).toBeLessThan(160);
  });

  it('TR6 a shadow call can not slow, fail or change the primary answer', async () => {
    const shadowBehaviour = fc.constantFrom('answers', 'rejects', 'throws', 'hangs');
    const observers = fc.constantFrom('quiet', 'throwing');
    await fc.assert(
      fc.asyncProperty(
        shadowBehaviour,
        observers,
        observers,
        fc.integer(),
        async (behaviour, onOutcome, equal, answer) => {
          const reported: unknown[] = [];
          const fail = () => {
            throw new Error('observer');
          };
          const router = new TrafficRouter<{ key: string }, number>(
            { handle: async () => answer },
            {
              handle() {
                if (behaviour === 'throws') throw new Error('shadow');
                if (behaviour === 'rejects') return Promise.reject(new Error('shadow'));
                return behaviour === 'hangs' ? new Promise(() => {}) : Promise.resolve(answer + 1);
              },
            },
            splitter(0),
            {
              onRouted: onOutcome === 'throwing' ? fail : () => {},
              onError: (error) => reported.push(error),
              shadow: {
                timeoutMs: 1,
                onOutcome: onOutcome === 'throwing' ? fail : () => {},
                equal: equal === 'throwing' ? fail : () => true,
              },
            },
          );
          expect(await router.routeRequest({ key: 'a' })).toBe(answer);
          await router.close();
          const compared = behaviour === 'answers';
          expect(reported.length > 0).toBe(onOutcome === 'throwing' || (compared && equal === 'throwing'));
        },
      ),
      runs(60),
    );
  });
});
