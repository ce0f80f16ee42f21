import type { Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { ConcurrencyConflictError, InvalidArgumentError } from '../core/errors.ts';
import { appendCondition, checkDistinct, encodeRequest } from './append-batches.ts';
import { atOnce } from './at-once.ts';
import { appendChained } from './chained-appends.ts';
import { AppendConditionError, StreamDeletedError } from './errors.ts';
import type { AppendCondition, AppendedBatch, AppendOutcome, EventAdapter, EventBatch } from './event-adapter.ts';
import type { EventCodec } from './event-codec.ts';
import type { AppendManyOptions, AppendOptions, AppendRequest, AppendResult } from './event-store-options.ts';
import { firstResult } from './first-result.ts';
import type { InlineProjections } from './inline-projections.ts';
import type { NewEvent } from './recorded-event.ts';
import { SynchronousAppendError, UnsupportedByAdapterError } from './transaction-errors.ts';

/** What events go through on their way to the storage. */
export interface EventAppenderParts {
  /** At once where nothing needs to be waited for: each wait costs as much as a check. */
  readonly adapter: () => EventAdapter | Promise<EventAdapter>;
  readonly codec: EventCodec;
  /** The same, but for what takes long: it does all of it at once. */
  readonly codecAtOnce: EventCodec;
  readonly inline: InlineProjections;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether each event gets the hash of the one before it. */
  readonly isChained: boolean;
  /** Called when something new is stored. */
  readonly appended: () => void;
}

/** Brings events to the storage: checks them, makes text of them, and says what became of it. */
export class EventAppender {
  readonly #parts: EventAppenderParts;

  constructor(parts: EventAppenderParts) {
    this.#parts = parts;
  }

  /** The events for one stream, checked and as text. @throws {@link InvalidArgumentError} naming what is wrong. */
  encode(stream: string, events: readonly NewEvent[], { expectedVersion = 'any' }: AppendOptions): EventBatch[] {
    return [this.#encode({ stream, events, expectedVersion }, '')];
  }

  /** Those for several streams. @throws {@link InvalidArgumentError} naming what is wrong. */
  encodeMany(requests: readonly AppendRequest[]): EventBatch[] {
    if (!Array.isArray(requests)) throw new InvalidArgumentError('requests', 'an array', requests);
    return requests.map((request, index) => this.#encode(request, `requests[${index}].`));
  }

  async append(batches: readonly EventBatch[], options: AppendManyOptions): Promise<AppendResult[]> {
    if (batches.length === 0) return [];
    const { codec, inline, isChained, clock, random } = this.#parts;
    checkDistinct(batches);
    const condition = appendCondition(options);
    const ready = this.#parts.adapter();
    const adapter = ready instanceof Promise ? await ready : ready;
    const validated = codec.validate(batches);
    const valid = validated instanceof Promise ? await validated : validated;
    const encoded = codec.seal(valid);
    const sealed = encoded instanceof Promise ? await encoded : encoded;
    options.signal?.throwIfAborted();
    const how = { condition, within: inline.within(valid) };
    const outcome = await (isChained
      ? appendChained(adapter, sealed, { ...how, signal: options.signal, clock, random })
      : adapter.append(sealed, how));
    if (outcome.status === 'existing') {
      return withStreams(batches, firstResult(valid, await codec.decode(outcome.events), codec));
    }
    return this.#settle(batches, outcome, condition);
  }

  /** The same without waiting. */
  appendSync(batches: readonly EventBatch[], options: AppendManyOptions, adapter: EventAdapter): AppendResult[] {
    if (!adapter.appendSync) {
      throw new UnsupportedByAdapterError('appendSync', 'its storage can only be waited for, use withTransaction()');
    }
    if (this.#parts.isChained) throw new SynchronousAppendError('chain');
    if (batches.length === 0) return [];
    const { codecAtOnce: codec, inline } = this.#parts;
    checkDistinct(batches);
    const condition = appendCondition(options);
    const valid = atOnce(codec.validate(batches), 'schema');
    const sealed = atOnce(codec.seal(valid), 'encryption');
    options.signal?.throwIfAborted();
    const outcome = adapter.appendSync(sealed, { condition, within: inline.within(valid) });
    if (outcome.status === 'existing') {
      return withStreams(batches, firstResult(valid, codec.decodeAtOnce(outcome.events), codec));
    }
    return this.#settle(batches, outcome, condition);
  }

  #encode(request: AppendRequest, path: string): EventBatch {
    return encodeRequest(request, this.#parts.codec, this.#parts.clock, path);
  }

  #settle(
    batches: readonly EventBatch[],
    outcome: Exclude<AppendOutcome, { status: 'existing' }>,
    condition: AppendCondition | undefined,
  ): AppendResult[] {
    switch (outcome.status) {
      case 'appended':
        this.#parts.appended();
        return withStreams(batches, outcome.batches);
      case 'deleted':
        throw new StreamDeletedError(outcome);
      case 'matched':
        throw new AppendConditionError({ after: condition?.after ?? 0, position: outcome.position });
      case 'conflict': {
        const { stream, actualVersion } = outcome;
        const expectedVersion = batches.find((batch) => batch.stream === stream)?.expectedVersion ?? 'any';
        throw new ConcurrencyConflictError({ aggregateId: stream, expectedVersion, actualVersion });
      }
    }
  }
}

function withStreams(batches: readonly EventBatch[], appended: readonly AppendedBatch[]): AppendResult[] {
  return batches.map(({ stream }, index) => {
    const { version, position } = appended[index]!;
    return { stream, version, position };
  });
}
