import type fc from 'fast-check';
import type { Clock } from '../../src/core/clock.ts';
import type { EventAdapter } from '../../src/events/event-adapter.ts';

/** The storage as one process reaches it: every answer takes as long as the scheduler lets it, on both ways. */
export function pausing(inner: EventAdapter, scheduler: fc.Scheduler): EventAdapter {
  return new Proxy(inner, {
    get(target, name) {
      const method = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return async (...values: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), `${String(name)} begins`);
        const answer = await method.apply(target, values);
        await scheduler.schedule(Promise.resolve(), `${String(name)} ends`);
        return answer;
      };
    },
  });
}

/** Time that goes on when the scheduler lets it. */
export function scheduledClock(scheduler: fc.Scheduler): Clock {
  return {
    now: () => 0,
    schedule(callback) {
      let isOver = false;
      void scheduler.schedule(Promise.resolve(), 'wait').then(() => isOver || callback());
      return () => {
        isOver = true;
      };
    },
  };
}
