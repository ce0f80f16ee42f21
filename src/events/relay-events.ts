import { checkMethods, checkObject } from '../core/check-argument.ts';
import type { DomainEvent } from './domain-event.ts';
import type { EventPublisher } from './event-publisher.ts';
import type { EventShape, RecordedEventOf } from './event-shape.ts';
import type { EventStore } from './event-store.ts';
import { RecordedDomainEvent } from './recorded-domain-event.ts';
import type { TypedSubscribeOptions } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';

/** What is published and how: the options of a subscription, whose handler publishes. */
export type RelayOptions<E extends EventShape = EventShape> = Omit<TypedSubscribeOptions<E>, 'handle'> & {
  /**
   * What is published for an event; nothing for one that is left out. It should keep the event's id, by which those who
   * get it twice can tell. Default: a {@link RecordedDomainEvent}.
   */
  readonly toEvent?: ((event: RecordedEventOf<E>) => DomainEvent | null) | undefined;
};

/**
 * Publishes every event of a store, from the checkpoint of this name on: at least once, those of a stream in order. What
 * was never committed is never published.
 *
 * The checkpoint is saved once the events are published, so after a crash some come again, under the same ids. An event
 * that can't be published is tried again and then parked, or stops the relay, as `onFailure` says.
 *
 * @param publisher - An {@link EventBus}, or anything whose `publish` resolves once the event can't be lost any more.
 * @throws {@link InvalidArgumentError} if this store has a subscription of the same name already.
 */
export function relayEvents<E extends EventShape>(
  store: Pick<EventStore<E>, 'subscribe'>,
  publisher: EventPublisher,
  options: RelayOptions<E>,
): Subscription {
  checkMethods(publisher, 'publisher', 'an object with a publish method', 'publish');
  checkObject(options);
  const { toEvent = (event) => new RecordedDomainEvent(event), ...subscribe } = options;
  return store.subscribe({
    ...subscribe,
    handle: async (event) => {
      const published = toEvent(event);
      if (published) await publisher.publish(published);
    },
  });
}
