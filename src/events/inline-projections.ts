import { matchesQuery } from '../core/event-query.ts';
import type { EncodedEvent, EventBatch, StoredEvent } from './event-adapter.ts';
import type { EventCodec } from './event-codec.ts';
import { inTurn } from './in-turn.ts';
import { type Projection, type ProjectionPlan, projectionPlan } from './projection.ts';

/** Projections that are kept in the transaction of the append itself. */
export class InlineProjections {
  readonly #plans: readonly ProjectionPlan[];
  readonly #codec: EventCodec;

  /** @throws {@link InvalidArgumentError} naming the projection that is wrong. */
  constructor(projections: readonly Projection[], codec: EventCodec) {
    this.#plans = projections.map((each, index) => projectionPlan(each, `options.inlineProjections[${index}]`));
    this.#codec = codec;
  }

  /**
   * What an append does besides; nothing if there are no projections.
   *
   * @param batches - As they were before they were compressed and encrypted: what is stored can be read back only by
   * waiting, which a transaction on a synchronous database can't.
   */
  within(batches: readonly EventBatch[]): ((events: readonly StoredEvent[], client: unknown) => unknown) | undefined {
    if (this.#plans.length === 0) return undefined;
    const plain = new Map<string, EncodedEvent>();
    for (const { events } of batches) for (const event of events) plain.set(event.id, event);
    return (stored, client) => {
      const events = stored.map((event) => {
        const { data, encoding } = plain.get(event.id) ?? event;
        return this.#codec.decodePlain({ ...event, data, encoding });
      });
      return inTurn(events, (event) =>
        inTurn(
          this.#plans.filter(({ query }) => !query || matchesQuery(event, query)),
          ({ projection, target }) => projection.handle(event, client, target),
        ),
      );
    };
  }
}
