import { type ExpectedVersion, meetsExpectedVersion } from '../../../src/core/expected-version.ts';
import type {
  AdapterAppendOptions,
  AppendOutcome,
  EncodedEvent,
  EventBatch,
  StoredEvent,
  StreamInfo,
  StreamPage,
  StreamsPage,
} from '../../../src/events/event-adapter.ts';
import { type CastoreAdapter, type CastoreEvent, castoreContext, pushEvents } from '../../bench/peers/castore.ts';
import { ForeignEventAdapter } from './foreign-event-adapter.ts';

/**
 * Castore on any of its storage adapters. It takes events at versions that the caller counts, so what is expected is
 * held against the version read before, and again if someone else was faster.
 */
export class CastoreEventAdapter extends ForeignEventAdapter {
  readonly #castore: CastoreAdapter;

  constructor(castore: CastoreAdapter) {
    super();
    this.#castore = castore;
  }

  async append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    this.refuseOptions(options);
    for (;;) {
      const versions = await Promise.all(batches.map(({ stream }) => this.streamVersion(stream)));
      const unmet = batches.findIndex(({ expectedVersion }, n) => !meetsExpectedVersion(versions[n]!, expectedVersion));
      if (unmet >= 0) return { status: 'conflict', stream: batches[unmet]!.stream, actualVersion: versions[unmet]! };
      const pushed = batches.flatMap(({ stream, events, expectedVersion }, n) => {
        const first = firstVersion(expectedVersion, versions[n]!);
        return events.map((event, index) => castoreEvent(stream, first + index, event));
      });
      try {
        await pushEvents(this.#castore, pushed);
      } catch (error) {
        if ((error as { code?: string }).code !== 'EventAlreadyExistsError') throw error;
        continue;
      }
      return {
        status: 'appended',
        batches: batches.map(({ events }, n) => this.#withoutPosition({ version: versions[n]! + events.length })),
      };
    }
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    const page = { minVersion: from, maxVersion: to, limit, reverse: direction === 'backward' };
    const { events } = await this.#castore.getEvents(stream, castoreContext, page);
    return events.map(({ payload, version }) =>
      this.#withoutPosition({ ...(payload as EncodedEvent), stream, version }),
    );
  }

  async streamVersion(stream: string): Promise<number> {
    const { events } = await this.#castore.getEvents(stream, castoreContext, { reverse: true, limit: 1 });
    return events[0]?.version ?? 0;
  }

  /** Castore lists them by the time of their first event. */
  override async listStreams({ after, limit }: StreamsPage): Promise<readonly StreamInfo[]> {
    const names: string[] = [];
    for (let pageToken: string | undefined; ; ) {
      const page = await this.#castore.listAggregateIds(castoreContext, {
        limit: 500,
        ...(pageToken && { pageToken }),
      });
      names.push(...page.aggregateIds.map(({ aggregateId }) => aggregateId));
      pageToken = page.nextPageToken;
      if (!pageToken) break;
    }
    const found = names
      .sort((a, b) => (a < b ? -1 : 1))
      .filter((name) => after === undefined || name > after)
      .slice(0, limit);
    const info = async (stream: string) => ({
      stream,
      version: await this.streamVersion(stream),
      firstVersion: 1,
      deleted: false,
    });
    return Promise.all(found.map(info));
  }

  /** There is no order of all events: whoever asks for a position asks for what is not supported. */
  #withoutPosition<T extends object>(fields: T): T & { readonly position: number } {
    return Object.defineProperty(fields, 'position', {
      enumerable: true,
      get: () => this.notSupported('positions'),
    }) as T & { readonly position: number };
  }
}

/** Where events go: behind the version that the caller names, if he names one. */
const firstVersion = (expected: ExpectedVersion, version: number) =>
  (typeof expected === 'number' ? expected : version) + 1;

const castoreEvent = (aggregateId: string, version: number, event: EncodedEvent): CastoreEvent => ({
  aggregateId,
  version,
  type: event.type,
  payload: event,
});
