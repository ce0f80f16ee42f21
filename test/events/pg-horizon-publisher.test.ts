import { describe, expect, it } from 'vitest';
import { PgHorizonPublisher } from '../../src/adapters/postgres/pg-horizon-publisher.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** Publications that are answered as told, or wait for it. */
function setUp() {
  const clock = new FakeClock();
  const began: number[] = [];
  const told: unknown[] = [];
  const answers: (boolean | Error | Promise<boolean>)[] = [];
  const publish = async () => {
    began.push(clock.now());
    const answer = answers.shift() ?? false;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const publisher = new PgHorizonPublisher({ publish, clock, onError: (error) => told.push(error) });
  return { clock, began, told, answers, publisher };
}

const failed = (code: string) => Object.assign(new Error('failed'), { code });

describe('PgHorizonPublisher', () => {
  it('publishes at once, and what is asked for soon after that once, a little later', async () => {
    const { clock, began, publisher } = setUp();
    publisher.publish();
    expect(began).toEqual([0]);
    await clock.advance(5);
    for (let n = 0; n < 100; n++) publisher.publish();
    await clock.advance(14);
    expect(began).toEqual([0]);
    await clock.advance(100);
    expect(began).toEqual([0, 20]);
    publisher.publish();
    expect(began).toEqual([0, 20, 119]);
  });

  it('has one on its way at most, and covers what came meanwhile by the next', async () => {
    const { clock, began, answers, publisher } = setUp();
    let answer = (_: boolean) => {};
    answers.push(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    publisher.publish();
    await clock.advance(500);
    publisher.publish();
    await clock.advance(500);
    expect(began).toEqual([0]);
    answer(false);
    await clock.advance(0);
    expect(began).toEqual([0, 1000]);
  });

  it('looks again soon while the horizon is held back, and now and then when it is not', async () => {
    const { clock, began, answers, publisher } = setUp();
    answers.push(true, true);
    publisher.publish();
    await clock.advance(2200);
    expect(began).toEqual([0, 50, 100, 1100, 2100]);
  });

  it('tells once of what the server refuses until it does not any more, goes on, and bears a server that is away', async () => {
    const { clock, began, told, answers, publisher } = setUp();
    const refusals = [failed('42501'), failed('42501'), failed('42501')];
    answers.push(failed('ECONNREFUSED'), refusals[0]!, failed('57P01'), refusals[1]!, false, refusals[2]!);
    publisher.publish();
    await clock.advance(4500);
    expect(told).toEqual([refusals[0]]);
    await clock.advance(1000);
    expect(told).toEqual([refusals[0], refusals[2]]);
    expect(began).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  });

  it('ends with what was asked for, and leaves no timer', async () => {
    const { clock, began, publisher } = setUp();
    publisher.publish();
    publisher.publish();
    await publisher.close();
    await publisher.close();
    expect(began).toEqual([0, 0]);
    publisher.publish();
    expect(clock.pending).toBe(0);
    await clock.advance(10_000);
    expect(began).toHaveLength(2);
  });

  it('waits for the one on its way when it is closed', async () => {
    const { clock, answers, publisher } = setUp();
    let answer = (_: boolean) => {};
    answers.push(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    publisher.publish();
    let closed = false;
    const closing = publisher.close().then(() => {
      closed = true;
    });
    await clock.advance(10);
    expect(closed).toBe(false);
    answer(true);
    await closing;
    expect(clock.pending).toBe(0);
  });
});
