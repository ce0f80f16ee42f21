import { randomUUID } from 'node:crypto';
import type { EventTransport } from '../events/event-transport.ts';
import { type ConformanceRunner, checkSuite } from './conformance.ts';
import { type DefineCase, Heard } from './event-transport/case.ts';
import { listeningCases } from './event-transport/listening-cases.ts';
import { sendingCases } from './event-transport/sending-cases.ts';

/** How the suite comes by the transports it tests. */
export interface EventTransportConformanceOptions {
  /** A new transport. Others may use its channel: the texts of a case are its own. */
  create(): Promise<EventTransport>;
  /**
   * Another transport on the channel of this one, as another process would have it. To be left out where the channel lives
   * in the transport itself.
   */
  reopen?(transport: EventTransport): Promise<EventTransport>;
  /** How long what was sent may take to be heard, in ms. Default 10,000. */
  readonly patienceMs?: number;
}

/**
 * The contract of {@link EventTransport} while no connection is lost, as tests for any runner.
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * eventTransportConformance({ describe, it }, { create: async () => new MyEventTransport(connection) });
 * ```
 */
export function eventTransportConformance(runner: ConformanceRunner, options: EventTransportConformanceOptions): void {
  checkSuite(runner, options);
  const { patienceMs = 10_000 } = options;
  const define: DefineCase = (title, run) =>
    runner.it(title, async () => {
      const transport = await options.create();
      const other = options.reopen ? await options.reopen(transport) : transport;
      const prefix = `${randomUUID()}:`;
      const listening: Heard[] = [];
      const listen = async (by: EventTransport) => {
        const heard = await new Heard(by, prefix, patienceMs).begin();
        listening.push(heard);
        return heard;
      };
      try {
        await run({ transport, other, text: (what) => prefix + what, listen });
      } finally {
        for (const heard of listening) await heard.end();
      }
    });
  runner.describe('sending', () => sendingCases(define));
  runner.describe('listening', () => listeningCases(define));
}
