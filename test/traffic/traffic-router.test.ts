import { describe, expect, it } from 'vitest';
import { ClosedError, InvalidArgumentError } from '../../src/core/errors.ts';
import { GradualTrafficSplitter } from '../../src/traffic/gradual-traffic-splitter.ts';
import type { ShadowOutcome } from '../../src/traffic/shadow.ts';
import { type RoutedRequest, TrafficRouter, type TrafficRouterOptions } from '../../src/traffic/traffic-router.ts';

interface Request {
  readonly key: string;
  readonly write?: boolean;
}

function routerAt(percent: number, options: TrafficRouterOptions<Request, string> = {}) {
  const calls: string[] = [];
  const system = (name: string) => ({
    handle: async (request: Request) => {
      calls.push(`${name} ${request.key}`);
      if (request.key === `${name}-fails`) throw new Error(`${name} is down`);
      return 'answer';
    },
  });
  const splitter = new GradualTrafficSplitter<Request>({ initialPercentage: percent });
  return { router: new TrafficRouter(system('legacy'), system('new'), splitter, options), calls, splitter };
}

describe('TrafficRouter', () => {
  it('asks only the target without shadow', async () => {
    const { router, calls, splitter } = routerAt(0);
    await router.routeRequest({ key: 'a' });
    splitter.setNewSystemTraffic(100);
    await router.routeRequest({ key: 'a' });
    await router.close();
    expect(calls).toEqual(['legacy a', 'new a']);
  });

  it("passes the target's own error on and tells of it", async () => {
    const routed: RoutedRequest<Request>[] = [];
    const { router } = routerAt(100, { onRouted: (one) => routed.push(one) });
    await expect(router.routeRequest({ key: 'new-fails' })).rejects.toThrow('new is down');
    expect(routed).toMatchObject([{ target: 'new', request: { key: 'new-fails' } }]);
    expect(routed[0]!.error).toBeInstanceOf(Error);
  });

  it('compares the other answer: match, mismatch and failure are told apart', async () => {
    const outcomes: ShadowOutcome<Request, string>[] = [];
    const { router } = routerAt(0, {
      shadow: {
        applies: (request) => !request.write,
        equal: (_primary, _shadow, request) => request.key !== 'differs',
        onOutcome: (outcome) => outcomes.push(outcome),
      },
    });
    for (const key of ['same', 'differs', 'new-fails']) await router.routeRequest({ key });
    await router.routeRequest({ key: 'written', write: true });
    await router.close();
    expect(outcomes.map(({ kind, request }) => [request.key, kind]).sort()).toEqual([
      ['differs', 'mismatch'],
      ['new-fails', 'failed'],
      ['same', 'match'],
    ]);
  });

  it('skips shadow calls beyond the limit and beyond the sample', async () => {
    const outcomes: string[] = [];
    const random = [0.2, 0.3, 0.9];
    const { router } = routerAt(0, {
      random: () => random.shift()!,
      shadow: { maxInFlight: 1, samplePercentage: 50, onOutcome: ({ kind }) => outcomes.push(kind) },
    });
    await Promise.all([1, 2, 3].map((n) => router.routeRequest({ key: `${n}` })));
    await router.close();
    expect(outcomes.sort()).toEqual(['match', 'skipped']);
  });

  it('takes no request after close', async () => {
    const { router } = routerAt(0);
    await router.close();
    await expect(router.routeRequest({ key: 'a' })).rejects.toThrow(ClosedError);
  });
});

it('refuses what is no system and no splitter when it is made', () => {
  const system = { handle: async () => 'answer' };
  const splitter = new GradualTrafficSplitter<Request>();
  const bare = (async () => 'answer') as never;
  expect(() => new TrafficRouter(bare, system, splitter)).toThrow(
    /^legacySystem: expected an object with .* handle\(\)/,
  );
  expect(() => new TrafficRouter(system, bare, splitter)).toThrow(/^newSystem/);
  expect(() => new TrafficRouter(system, system, undefined as never)).toThrow(InvalidArgumentError);
});
