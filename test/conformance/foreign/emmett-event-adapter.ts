import type { ExpectedVersion } from '../../../src/core/expected-version.ts';
import type {
  AdapterAppendOptions,
  AllPage,
  AppendOutcome,
  EncodedEvent,
  EventBatch,
  StoredEvent,
  StreamPage,
} from '../../../src/events/event-adapter.ts';
import type {
  EmmettCore,
  EmmettEvent,
  EmmettPostgres,
  EmmettPostgresStore,
  EmmettStore,
} from '../../bench/peers/emmett.ts';
import { ForeignEventAdapter } from './foreign-event-adapter.ts';

const expectations: Readonly<Record<string, string>> = {
  any: 'NO_CONCURRENCY_CHECK',
  no_stream: 'STREAM_DOES_NOT_EXIST',
  stream_exists: 'STREAM_EXISTS',
};

/** What both of Emmett's stores are asked in the same way. The whole event is its `data`: ids of the caller are not kept. */
abstract class EmmettEventAdapter extends ForeignEventAdapter {
  readonly #emmett: EmmettCore;
  protected readonly store: EmmettStore;

  constructor(emmett: EmmettCore, store: EmmettStore) {
    super();
    this.#emmett = emmett;
    this.store = store;
  }

  async append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    this.refuseOptions(options);
    if (batches.length !== 1) this.notSupported('append to several streams');
    const { stream, events, expectedVersion } = batches[0]!;
    const messages = events.map((event) => ({ type: event.type, data: event }));
    try {
      const result = await this.store.appendToStream(stream, messages, {
        expectedStreamVersion: expectationOf(expectedVersion),
      });
      const version = Number(result.nextExpectedStreamVersion);
      const position = result.lastEventGlobalPosition ?? (await this.#positionOf(stream, version));
      return { status: 'appended', batches: [{ version, position: Number(position) }] };
    } catch (error) {
      if (!this.#emmett.isExpectedVersionConflictError(error)) throw error;
      return { status: 'conflict', stream, actualVersion: Number(error.current) };
    }
  }

  async readStream({ stream, from, to, limit, direction }: StreamPage): Promise<readonly StoredEvent[]> {
    if (direction === 'backward') this.notSupported('reading backward');
    return this.readVersions(stream, from, Math.min(to, from + limit - 1));
  }

  async streamVersion(stream: string): Promise<number> {
    return Number((await this.store.readStream(stream)).currentStreamVersion);
  }

  /** Both versions included. */
  protected abstract readVersions(stream: string, from: number, to: number): Promise<readonly StoredEvent[]>;

  async #positionOf(stream: string, version: number): Promise<number> {
    return (await this.readVersions(stream, version, version))[0]!.position;
  }
}

export class EmmettInMemoryEventAdapter extends EmmettEventAdapter {
  constructor(emmett: EmmettCore) {
    super(emmett, emmett.getInMemoryEventStore());
  }

  /** In memory, `from` is an index and `to` the one behind the last. */
  protected async readVersions(stream: string, from: number, to: number): Promise<readonly StoredEvent[]> {
    const { events } = await this.store.readStream(stream, { from: BigInt(from - 1), to: BigInt(to) });
    return events.map(storedOf);
  }
}

/** What Emmett's functions for consumers are called with. */
export interface EmmettPool {
  readonly execute: unknown;
}

export class EmmettPostgresEventAdapter extends EmmettEventAdapter {
  readonly #postgres: EmmettPostgres;
  readonly #pool: EmmettPool;

  readonly #migrate: () => Promise<unknown>;

  constructor(emmett: EmmettCore, postgres: EmmettPostgres, store: EmmettPostgresStore, pool: EmmettPool) {
    super(emmett, store);
    this.#postgres = postgres;
    this.#pool = pool;
    this.#migrate = store.schema.migrate;
  }

  override async init(): Promise<void> {
    await this.#migrate();
  }

  override async readAll({ after, limit, query }: AllPage): Promise<readonly StoredEvent[]> {
    if (query) this.notSupported('queries');
    const page = { after: BigInt(after), batchSize: limit };
    return (await this.#postgres.readMessagesBatch(this.#pool.execute, page)).messages.map(storedOf);
  }

  override async lastPosition(): Promise<number> {
    return Number((await this.#postgres.readLastMessageGlobalPosition(this.#pool.execute)).currentGlobalPosition ?? 0);
  }

  /** On PostgreSQL they are versions. */
  protected async readVersions(stream: string, from: number, to: number): Promise<readonly StoredEvent[]> {
    const { events } = await this.store.readStream(stream, { from: BigInt(from), to: BigInt(to) });
    return events.map(storedOf);
  }
}

const expectationOf = (expected: ExpectedVersion) =>
  typeof expected === 'number' ? BigInt(expected) : expectations[expected]!;

function storedOf({ data, metadata }: EmmettEvent): StoredEvent {
  const { streamName, streamPosition, globalPosition } = metadata;
  return {
    ...(data as EncodedEvent),
    stream: streamName,
    version: Number(streamPosition),
    position: Number(globalPosition),
  };
}
