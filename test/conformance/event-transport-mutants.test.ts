// The suite is only worth something if it turns red on transports that are wrong: each mutant breaks one promise of a
// correct one, in a group of cases that must notice.
import { describe, expect, it } from 'vitest';
import { MemoryEventTransport } from '../../src/adapters/memory/memory-event-transport.ts';
import type { EventTransport, TransportListener } from '../../src/events/event-transport.ts';
import { eventTransportConformance } from '../../src/testing/event-transport-conformance.ts';
import { failingCases } from './failing-cases.ts';

type Next = MemoryEventTransport;
type Mutants = Record<string, (next: Next) => Partial<EventTransport>>;

const pause = () => new Promise((resolve) => setImmediate(resolve));

/** Changes what is sent. */
const sendsBy = (change: (text: string) => string) => (next: Next) => ({
  send: (text: string) => next.send(change(text)),
});

/** Changes what a listener is called with. */
const hearsBy = (change: (text: string, listener: TransportListener) => void) => (next: Next) => ({
  listen: (listener: TransportListener) =>
    next.listen({ hear: (text) => change(text, listener), onError: listener.onError }),
});

/** Does so with every text but the first. */
function afterFirst(change: (text: string, listener: TransportListener) => void) {
  let count = 0;
  return hearsBy((text, listener) => (++count === 1 ? listener.hear(text) : change(text, listener)));
}

const sending: Mutants = {
  'hears nothing': hearsBy(() => {}),
  'sends nothing': () => ({ send: async () => {} }),
  'loses a text': (next) => {
    let count = 0;
    return {
      async send(text) {
        if (++count % 7 !== 2) await next.send(text);
      },
    };
  },
  'repeats a text': afterFirst((text, listener) => {
    listener.hear(text);
    listener.hear(text);
  }),
  'drops equal texts': (next) => {
    const sent = new Set<string>();
    return {
      async send(text) {
        if (!sent.has(text)) await next.send(text);
        sent.add(text);
      },
    };
  },
  'does not keep the order of what nobody waits for': (next) => {
    let count = 0;
    return {
      async send(text) {
        if (count++ % 3 === 0) await pause();
        await next.send(text);
      },
    };
  },
  'lets small texts overtake large ones': (next) => ({
    async send(text) {
      if (text.length > 10_000) await pause();
      await next.send(text);
    },
  }),
  'hears the newest first': (next) => {
    const waiting: string[] = [];
    return {
      async send(text) {
        waiting.push(text);
        await pause();
        const newest = waiting.pop();
        if (newest !== undefined) await next.send(newest);
      },
    };
  },
  'trims texts': sendsBy((text) => text.trimEnd()),
  'joins lines': sendsBy((text) => text.replaceAll('\r\n', '\n')),
  'drops control characters': sendsBy((text) => text.replaceAll('\u0001', '')),
  'normalizes texts': sendsBy((text) => text.normalize('NFC')),
  'folds case': sendsBy((text) => text.toLowerCase()),
  'takes backslashes for escapes': sendsBy((text) => text.replaceAll('\\\\', '\\')),
  'drops byte order marks': sendsBy((text) => text.replaceAll('\ufeff', '')),
  'cuts at 8000 characters': sendsBy((text) => text.slice(0, 8000)),
  'cuts at 64 Ki bytes': sendsBy((text) => Buffer.from(text).toString('utf8', 0, 65_536)),
  'cuts within characters': sendsBy((text) => {
    const bytes = Buffer.from(text);
    return bytes.length < 8000 ? text : bytes.toString('utf8', 0, 7999) + bytes.toString('utf8', 7999);
  }),
  'refuses large texts': (next) => ({
    async send(text) {
      if (text.length > 500_000) throw new Error('too large');
      await next.send(text);
    },
  }),
  'tells of errors where there are none': (next) => ({
    listen: (listener) => {
      listener.onError(new Error('nothing'));
      return next.listen(listener);
    },
  }),
};

const listening: Mutants = {
  'gives a new listener what was sent before': (next) => {
    const sent: string[] = [];
    return {
      async send(text) {
        sent.push(text);
        await next.send(text);
      },
      listen(listener) {
        for (const text of sent) listener.hear(text);
        return next.listen(listener);
      },
    };
  },
  'begins to hear too late': (next) => ({
    async listen(listener) {
      const listening = pause()
        .then(pause)
        .then(() => next.listen(listener));
      return async () => (await listening)();
    },
  }),
  'hears what was ended': (next) => ({
    async listen(listener) {
      await next.listen(listener);
      return async () => {};
    },
  }),
  'hears on for a while after it was ended': (next) => ({
    async listen(listener) {
      const end = await next.listen(listener);
      return async () => void pause().then(end);
    },
  }),
  'has one listener': (next) => {
    let end = async () => {};
    return {
      async listen(listener) {
        await end();
        end = await next.listen(listener);
        return end;
      },
    };
  },
  'ends all with one': (next) => {
    const ends: (() => Promise<void>)[] = [];
    return {
      async listen(listener) {
        ends.push(await next.listen(listener));
        return async () => {
          for (const end of ends) await end();
        };
      },
    };
  },
  'can not end twice': (next) => ({
    async listen(listener) {
      const end = await next.listen(listener);
      let ended = false;
      return async () => {
        if (ended) throw new Error('ended');
        ended = true;
        await end();
      };
    },
  }),
  'can not begin again': (next) => {
    let begun = 0;
    return { listen: (listener) => (++begun > 1 ? Promise.reject(new Error('once')) : next.listen(listener)) };
  },
  'can not send while it hears': (next) => {
    let hearing = false;
    return {
      send: (text) => (hearing ? Promise.reject(new Error('hears')) : next.send(text)),
      listen: ({ hear, onError }) =>
        next.listen({
          hear(text) {
            hearing = true;
            hear(text);
            hearing = false;
          },
          onError,
        }),
    };
  },
  'sends to nobody with an error': (next) => {
    let count = 0;
    return {
      async send(text) {
        if (count === 0) throw new Error('nobody listens');
        await next.send(text);
      },
      async listen(listener) {
        count++;
        return next.listen(listener);
      },
    };
  },
};

/** A correct transport with some methods replaced. */
function mutate(mutant: (next: Next) => Partial<EventTransport>): EventTransport {
  const next = new MemoryEventTransport();
  return { send: (text) => next.send(text), listen: (listener) => next.listen(listener), ...mutant(next) };
}

/** The titles of the cases that fail: in one group the first of them, else all. */
function failures(mutant: Mutants[string], only?: string): Promise<string[]> {
  // What a mutant is to be heard of comes at once or never.
  const patienceMs = only ? 200 : 10_000;
  return failingCases(
    (runner) => eventTransportConformance(runner, { create: async () => mutate(mutant), patienceMs }),
    only,
  );
}

describe('the conformance suite of EventTransport', () => {
  it('is green on a correct transport', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  describe.each([
    ['sending', sending],
    ['listening', listening],
  ])('is red, in its cases of %s, on a transport that', (group, mutants) => {
    it.each(Object.keys(mutants))('%s', async (title) => {
      expect(await failures(mutants[title]!, group)).toHaveLength(1);
    });
  });
});
