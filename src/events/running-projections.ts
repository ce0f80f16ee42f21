import { checkSubscriptionName } from './checkpoint-names.ts';
import { type Projection, type ProjectionPlan, projectionPlan } from './projection.ts';
import { dropVersion, liveVersion, makeFirstLive, makeLive } from './projection-versions.ts';
import type { RunningSubscriptions } from './running-subscriptions.ts';
import type { StoreAdapter } from './store-adapter.ts';
import { type RunOptions, runSettings } from './subscribe-options.ts';
import type { Subscription } from './subscription.ts';

/** The projections of one store, and which version of each is to be read: see {@link EventStore.project} and after. */
export class RunningProjections {
  readonly #storage: StoreAdapter;
  readonly #subscriptions: RunningSubscriptions;

  constructor(storage: StoreAdapter, subscriptions: RunningSubscriptions) {
    this.#storage = storage;
    this.#subscriptions = subscriptions;
  }

  run<Client>(projection: Projection<Client>, options: RunOptions): Subscription {
    const plan = projectionPlan(projection);
    return this.#start(plan, options, async () => makeFirstLive(await this.#storage.initialize(), plan));
  }

  async rebuild<Client>(projection: Projection<Client>, options: RunOptions): Promise<Subscription> {
    const plan = projectionPlan(projection);
    const running = this.#start(plan, options);
    try {
      await running.caughtUp({ signal: options.signal });
      await makeLive(await this.#storage.use(), plan);
    } catch (error) {
      await running.close();
      throw error;
    }
    return running;
  }

  async liveVersion(projection: string): Promise<number | undefined> {
    checkSubscriptionName(projection, 'projection');
    return liveVersion(await this.#storage.use(), projection);
  }

  async makeLive<Client>(projection: Projection<Client>): Promise<void> {
    const plan = projectionPlan(projection);
    await makeLive(await this.#storage.use(), plan);
  }

  async drop<Client>(projection: Projection<Client>): Promise<void> {
    const plan = projectionPlan(projection);
    await dropVersion(await this.#storage.use(), plan);
  }

  #start(plan: ProjectionPlan, options: RunOptions, begun?: () => Promise<void>): Subscription {
    const settings = runSettings(options);
    this.#storage.assertOpen();
    return this.#subscriptions.project(plan, settings, begun);
  }
}
