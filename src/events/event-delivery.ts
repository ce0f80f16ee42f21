import type { Attempts } from './attempts.ts';
import { SubscriptionFailedError } from './errors.ts';
import type { ParkedEvents } from './parked-events.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** Hands events to a subscription's handler, and deals with those that it can't handle. */
export interface EventDelivery {
  readonly subscription: string;
  readonly handle: (event: RecordedEvent) => Promise<void>;
  readonly maxAttempts: number;
  /** Where events that can't be handled are set aside; none if the subscription is to stop at them. */
  readonly parked: ParkedEvents | undefined;
}

/** Resolves once the event is handled or parked. @throws {@link SubscriptionFailedError} if it is neither. */
export async function deliver(event: RecordedEvent, delivery: EventDelivery, attempts: Attempts): Promise<void> {
  const { subscription, handle, maxAttempts, parked } = delivery;
  if (parked && (await attempts.persist(() => parked.parkBehind(event)))) return;
  const failure = await attempts.handle(() => handle(event), maxAttempts);
  if (!failure) return;
  if (!parked) {
    const { position } = event;
    throw new SubscriptionFailedError({ subscription, position, attempts: failure.attempts }, { cause: failure.error });
  }
  await attempts.persist(() => parked.park(event, failure));
}
