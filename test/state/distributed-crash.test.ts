import { describe, expect, test } from 'vitest';
import { isMigrationError } from '../../src/core/errors.ts';
import { Process, passTime } from '../migration/support.ts';
import { type Around, forgetsPrepared, type ParticipantName, World, writesLate } from './distributed-world.ts';

/** A transaction, and whether it can be committed. */
interface Scenario {
  readonly names: readonly ParticipantName[];
  /** Who can't do its part. */
  readonly refuses?: 'seats' | 'card' | 'mail' | 'room';
}

const scenarios: Record<string, Scenario> = {
  'two-phase commit': { names: ['accounts', 'ledger', 'seats'] },
  'two-phase commit that is refused': { names: ['accounts', 'ledger', 'seats'], refuses: 'seats' },
  'a saga': { names: ['card', 'mail', 'room'] },
  'a saga whose last step fails': { names: ['card', 'mail', 'room'], refuses: 'room' },
  'a saga whose second step fails': { names: ['card', 'mail', 'room'], refuses: 'mail' },
  'both at once': { names: ['accounts', 'ledger', 'card'] },
  'both at once, of which the saga fails': { names: ['accounts', 'mail', 'card'], refuses: 'card' },
};

type Mutation = ConstructorParameters<typeof World>[0];

function worldOf({ refuses }: Scenario, mutation?: Mutation): World {
  const world = new World(mutation);
  if (refuses === 'seats') world.seats.full = true;
  else if (refuses) world.services[refuses].broken = true;
  return world;
}

/** A process that dies at the n-th place where it could: before a call, or between its effect and its answer. */
function mortal(placesToLive: number): { around: Around; killed: Promise<'killed'> } {
  const { boundary, killed } = new Process(placesToLive);
  const around: Around = async (_, effect) => {
    await boundary();
    const result = await effect();
    await boundary();
    return result;
  };
  return { around, killed };
}

/** A process in which one participant is down from the n-th call to anybody on, if that call is one to it. */
function withOneDown(call: number, phase: 'before' | 'after', isSilent: boolean) {
  let calls = 0;
  let down: string | undefined;
  const around: Around = async (what, effect) => {
    const name = what.split('.')[0]!;
    if (calls++ === call) {
      down = name;
      if (phase === 'after') await effect();
    }
    if (name !== down) return effect();
    if (isSilent && name !== 'log') return new Promise(() => {});
    throw new Error(`${name} is down`);
  };
  return { around, calls: () => calls };
}

type Answer = 'committed' | 'rolled back' | 'in doubt' | 'killed' | 'not begun';

async function run(world: World, around: Around, scenario: Scenario, killed?: Promise<'killed'>): Promise<Answer> {
  const answer = world
    .coordinator(around)
    .run(world.branches('k', scenario.names))
    .then(
      (): Answer => 'committed',
      (error: unknown): Answer => {
        if (isMigrationError(error, 'TRANSACTION_ROLLED_BACK')) return 'rolled back';
        if (isMigrationError(error, 'TRANSACTION_IN_DOUBT')) return 'in doubt';
        return 'not begun';
      },
    );
  return passTime(world.clock, Promise.race(killed ? [answer, killed] : [answer]), 1000);
}

/** @returns Whether it was killed. */
async function recover(world: World, placesToLive = Number.POSITIVE_INFINITY): Promise<boolean> {
  const { around, killed } = mortal(placesToLive);
  const coordinator = world.coordinator(around);
  const all = async () => {
    await coordinator.recover({ takeOver: true });
    for (const { transactionId } of await coordinator.parked()) await coordinator.retryParked(transactionId);
  };
  return (await passTime(world.clock, Promise.race([all(), killed]), 1000)) === 'killed';
}

/** What is wrong after everything has come to its end; nothing if all is well. */
async function wrong(world: World, scenario: Scenario, answer: Answer): Promise<string[]> {
  const outcome = await world.outcome('k', scenario.names);
  const said = answer === 'committed' ? 'all' : answer === 'killed' || answer === 'in doubt' ? outcome : 'nothing';
  const possible = scenario.refuses ? ['nothing'] : ['all', 'nothing'];
  const found: string[] = [];
  if (outcome !== said) found.push(`it was ${answer}, but ${outcome} is seen`);
  if (!possible.includes(outcome)) found.push(`seen: ${outcome}`);
  if ((await world.prepared()) > 0) found.push('something is prepared still');
  const again = await passTime(world.clock, world.coordinator().recover({ takeOver: true }), 1000);
  if (Object.values(again).some((list) => list.length > 0)) found.push(`not ended: ${JSON.stringify(again)}`);
  return found;
}

/** Kills at every place of the transaction, and then at every place of the recovery. */
async function everyKill(scenario: Scenario, mutation?: Mutation) {
  const failures: string[] = [];
  let [lives, places] = [0, 0];
  for (let first = 0, isKilled = true; isKilled; first++) {
    places = first;
    for (let second = 0, isKilledAgain = true; isKilledAgain; second++) {
      const world = worldOf(scenario, mutation);
      const { around, killed } = mortal(first);
      const answer = await run(world, around, scenario, killed);
      isKilled = answer === 'killed';
      isKilledAgain = await recover(world, second);
      await recover(world);
      const found = await wrong(world, scenario, answer);
      if (found.length > 0) failures.push(`killed at ${first}, then at ${second}: ${found.join('; ')}`);
      lives += 1;
    }
  }
  return { failures, lives, places };
}

/** Lets a participant, or the log, go down at every call, and then kills the recovery at every place. */
async function everyFailure(scenario: Scenario) {
  const failures: string[] = [];
  let lives = 0;
  for (const phase of ['before', 'after'] as const) {
    for (const isSilent of [false, true]) {
      for (let call = 0, isReached = true; isReached; call++) {
        for (let second = 0, isKilled = true; isKilled; second++) {
          const world = worldOf(scenario);
          const { around, calls } = withOneDown(call, phase, isSilent);
          const answer = await run(world, around, scenario);
          isReached = calls() > call;
          isKilled = await recover(world, second);
          await recover(world);
          const found = await wrong(world, scenario, answer);
          const how = `${isSilent ? 'silent' : 'failing'} ${phase} call ${call}`;
          if (found.length > 0) failures.push(`${how}, killed at ${second}: ${found.join('; ')}`);
          lives += 1;
        }
      }
    }
  }
  return { failures, lives };
}

describe.each(Object.entries(scenarios))('MV9 %s', (_, scenario) => {
  test('killed at every step, and again at every step of the recovery, ends everywhere or nowhere', async () => {
    const { failures, lives, places } = await everyKill(scenario);
    expect(failures).toEqual([]);
    // Two places for each call: that they are all counted.
    expect(places).toBeGreaterThanOrEqual(14);
    expect(lives).toBeGreaterThan(places * 4);
  });

  test('with a participant or the log down from any call on, ends everywhere or nowhere', async () => {
    const { failures, lives } = await everyFailure(scenario);
    expect(failures).toEqual([]);
    expect(lives).toBeGreaterThan(100);
  });
});

describe('MV9 the kills find a coordinator that', () => {
  test.each([
    ['writes its decision after the commit', 'two-phase commit', writesLate('transaction.decided'), /mixed/],
    ['keeps nothing of what was prepared', 'two-phase commit', forgetsPrepared, /"ledger":0/],
    ['begins before it says so', 'two-phase commit', writesLate('transaction.begun'), /prepared still/],
    ['writes the compensation after the step', 'a saga', writesLate('transaction.step_started'), /mixed/],
  ])('%s', async (_, scenario, mutation, how) => {
    const { failures } = await everyKill(scenarios[scenario]!, mutation);
    expect(failures.filter((failure) => how.test(failure))).not.toEqual([]);
  });
});
