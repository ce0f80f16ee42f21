import { InvalidArgumentError } from '../core/errors.ts';
import { AppendListener } from './append-listener.ts';
import { Attempts } from './attempts.ts';
import type { EventDelivery } from './event-delivery.ts';
import { EventRounds } from './event-rounds.ts';
import { GroupRounds } from './group-rounds.ts';
import { ParkedEvents } from './parked-events.ts';
import type { ProjectionPlan } from './projection.ts';
import { ProjectionRounds } from './projection-rounds.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { SubscriptionContext, SubscriptionSource } from './rounds.ts';
import type { RunSettings, SubscribeSettings } from './subscribe-options.ts';
import { Subscription, type SubscriptionParts } from './subscription.ts';

/** The subscriptions and projections of one store. */
export class RunningSubscriptions {
  readonly #source: SubscriptionSource;
  readonly #listener: AppendListener;
  readonly #running = new Map<string, Subscription>();

  constructor(source: SubscriptionSource) {
    this.#source = source;
    this.#listener = new AppendListener(() => source.adapter());
  }

  /** @throws {@link InvalidArgumentError} if one of the same name runs. */
  subscribe(settings: SubscribeSettings): Subscription {
    const { name, handle, group, maxAttempts, onFailure } = settings;
    const { context, control } = this.#open(name, name, settings);
    const parked = this.parked(name);
    const setAside = onFailure === 'park' ? parked : undefined;
    const delivery: EventDelivery = { subscription: name, handle, maxAttempts, parked: setAside };
    const rounds = group
      ? new GroupRounds(context, settings, group, delivery)
      : new EventRounds(context, settings, delivery);
    return this.#start(name, { context, control, rounds, parked, handleParked: { handle } });
  }

  /**
   * @param begun - Storage work to be done once it has a checkpoint.
   * @throws {@link InvalidArgumentError} if the same version of it runs.
   */
  project(plan: ProjectionPlan, settings: RunSettings, begun = async () => {}): Subscription {
    const { projection, target, checkpoint } = plan;
    const { context, control } = this.#open(checkpoint, target, settings);
    const parked = this.parked(checkpoint);
    const rounds = new ProjectionRounds(context, plan, begun, settings.onFailure === 'park' ? parked : undefined);
    const handleParked = {
      handle: (event: RecordedEvent, client: unknown) => projection.handle(event, client, target),
      checkpoint: async () => (await (await this.#source.adapter()).loadCheckpoint(checkpoint))?.position ?? 0,
    };
    return this.#start(checkpoint, { context, control, rounds, parked, handleParked });
  }

  parked(name: string): ParkedEvents {
    return new ParkedEvents(this.#source, name);
  }

  /** Lets all look for new events. */
  wake(): void {
    for (const subscription of this.#running.values()) subscription.wake();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((subscription) => subscription.close()));
  }

  #open(key: string, name: string, settings: RunSettings): { context: SubscriptionContext; control: AbortController } {
    if (this.#running.has(key)) throw new InvalidArgumentError('name', 'a name without a running subscription', name);
    const control = new AbortController();
    const attempts = new Attempts(settings, this.#source, control.signal);
    return { context: { name, settings, source: this.#source, attempts }, control };
  }

  #start(key: string, parts: Omit<SubscriptionParts, 'listener'>): Subscription {
    const subscription = new Subscription({ ...parts, listener: this.#listener }).start();
    this.#running.set(key, subscription);
    void subscription.finished.then(() => this.#running.delete(key));
    return subscription;
  }
}
