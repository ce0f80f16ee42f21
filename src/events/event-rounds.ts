import { deliver, type EventDelivery } from './event-delivery.ts';
import { readTail } from './event-tail.ts';
import type { Rounds, SubscriptionContext } from './rounds.ts';
import type { SubscribeSettings } from './subscribe-options.ts';

/** One event after another, with a checkpoint after each batch. */
export class EventRounds implements Rounds {
  position = 0;
  readonly #context: SubscriptionContext;
  readonly #settings: SubscribeSettings;
  readonly #delivery: EventDelivery;
  #saved = 0;
  /** Whether anything was handled since the checkpoint was saved. */
  #dirty = false;

  constructor(context: SubscriptionContext, settings: SubscribeSettings, delivery: EventDelivery) {
    this.#context = context;
    this.#settings = settings;
    this.#delivery = delivery;
  }

  async begin(): Promise<void> {
    const { name, source, attempts } = this.#context;
    const { parked } = this.#delivery;
    const checkpoint = await attempts.persist(async () => (await source.adapter()).loadCheckpoint(name));
    if (parked) await attempts.persist(() => parked.refresh());
    this.position = checkpoint?.position ?? this.#settings.from;
    this.#saved = this.position;
  }

  async round(): Promise<boolean> {
    const { source, attempts } = this.#context;
    const { batchSize, query } = this.#settings;
    const page = await attempts.persist(() => readTail(source, this.position, batchSize, query));
    try {
      for (const event of page.events) {
        attempts.signal.throwIfAborted();
        await deliver(event, this.#delivery, attempts);
        this.position = event.position;
        this.#dirty = true;
      }
      this.position = page.upTo;
    } finally {
      // Where nothing was handled, a checkpoint only spares reading: not worth one write an event of others.
      if (this.#dirty || this.position - this.#saved >= batchSize) await this.#save();
    }
    return page.more;
  }

  async settled(): Promise<number> {
    return this.#dirty ? this.#saved : this.position;
  }

  async end(): Promise<void> {}

  async #save(): Promise<void> {
    const { name, source, attempts } = this.#context;
    const { position } = this;
    await attempts.persist(async () => (await source.adapter()).saveCheckpoint(name, { position, state: '{}' }));
    this.#saved = position;
    this.#dirty = false;
  }
}
