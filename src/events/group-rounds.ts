import { sleep } from '../core/abort.ts';
import { murmur3 } from '../core/murmur3.ts';
import { CheckpointState } from './checkpoint-state.ts';
import { PartitionsDifferError } from './errors.ts';
import type { EventDelivery } from './event-delivery.ts';
import { readTail } from './event-tail.ts';
import { GroupMembership, renewalsPerLease } from './group-membership.ts';
import type { GroupSettings } from './group-options.ts';
import { GroupNames, type PartitionRecord, partitionState } from './group-records.ts';
import { Lease } from './lease.ts';
import { Partition } from './partition.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { Rounds, SubscriptionContext } from './rounds.ts';
import type { SubscribeSettings } from './subscribe-options.ts';

/**
 * One consumer of a group: reads once for all of its partitions, which handle their events side by side. What they are
 * changes as consumers come and go.
 */
export class GroupRounds implements Rounds {
  readonly #context: SubscriptionContext;
  readonly #settings: SubscribeSettings;
  readonly #group: GroupSettings;
  readonly #delivery: EventDelivery;
  readonly #names: GroupNames;
  readonly #membership: GroupMembership;
  /** Those whose lease is held, and those that still end their event in hand. */
  readonly #partitions = new Map<number, Partition>();
  #wake = () => {};
  #beginning = 0;
  #read = 0;
  #looking: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(
    context: SubscriptionContext,
    settings: SubscribeSettings,
    group: GroupSettings,
    delivery: EventDelivery,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#group = group;
    this.#delivery = delivery;
    this.#names = new GroupNames(context.name);
    this.#membership = new GroupMembership(group, this.#names, context.source);
  }

  get position(): number {
    return this.#read;
  }

  async begin(wake: () => void): Promise<void> {
    this.#wake = wake;
    const { attempts } = this.#context;
    this.#beginning = await attempts.persist(() => this.#define());
    this.#read = this.#beginning;
    await attempts.persist(() => this.#look());
    this.#looking = this.#keepLooking();
  }

  async round(): Promise<boolean> {
    if (this.#failure) throw this.#failure.error;
    const { source, attempts } = this.#context;
    const { batchSize, query } = this.#settings;
    const active = this.#active();
    const queued = active.reduce((sum, partition) => sum + partition.queued, 0);
    if (active.length === 0 || queued >= maxQueuedBatches * batchSize) return false;
    const after = this.#read;
    const page = await attempts.persist(() => readTail(source, after, batchSize, query));
    // A partition that begins further back has come meanwhile.
    if (this.#read !== after) return true;
    this.#read = page.upTo;
    const parts = this.#split(page.events);
    for (const partition of this.#active()) partition.give(parts.get(partition.index) ?? noEvents, page.upTo);
    return page.more;
  }

  async settled(): Promise<number> {
    await Promise.all(this.#active().map((partition) => partition.save()));
    return (await this.#membership.settled()) ?? this.#beginning;
  }

  async end(): Promise<void> {
    await this.#looking;
    const { attempts } = this.#context;
    const leaving = [...this.#partitions.values()].map((partition) => partition.leave());
    leaving.push(attempts.persist(() => this.#membership.leave()));
    // What could not be given back now, the others take when its lease runs out; `onRetry` was told of the failure.
    await Promise.allSettled(leaving);
  }

  #active(): Partition[] {
    return [...this.#partitions.values()].filter(({ active }) => active);
  }

  #split(events: readonly RecordedEvent[]): ReadonlyMap<number, RecordedEvent[]> {
    const parts = new Map<number, RecordedEvent[]>();
    for (const event of events) {
      const index = murmur3(event.stream) % this.#group.partitions;
      const part = parts.get(index);
      if (part) part.push(event);
      else parts.set(index, [event]);
    }
    return parts;
  }

  /** @returns The position where the group began. */
  async #define(): Promise<number> {
    const adapter = await this.#context.source.adapter();
    const { partitions } = this.#group;
    for (;;) {
      const defined = await adapter.loadCheckpoint(this.#names.definition);
      if (defined) {
        const actual = new CheckpointState(defined).number('partitions');
        if (actual === partitions) return defined.position;
        throw new PartitionsDifferError({ subscription: this.#context.name, partitions: actual, asked: partitions });
      }
      const alone = await adapter.loadCheckpoint(this.#context.name);
      const position = alone?.position ?? this.#settings.from;
      const definition = { position, state: JSON.stringify({ partitions }) };
      await adapter.saveCheckpoint(this.#names.definition, definition, { expectedRevision: 0 });
    }
  }

  async #keepLooking(): Promise<void> {
    const { source, attempts } = this.#context;
    const everyMs = Math.min(1000, this.#group.leaseMs / renewalsPerLease);
    try {
      for (;;) {
        await sleep(everyMs, { clock: source.clock, signal: attempts.signal });
        await attempts.persist(() => this.#look());
      }
    } catch (error) {
      if (error !== attempts.signal.reason) this.#fail(error);
    }
  }

  /** Renews the leases, gives up what is more than the share and takes what is less. */
  async #look(): Promise<void> {
    const { attempts } = this.#context;
    await Promise.all(
      [...this.#partitions.values()].map((partition) => partition.renew(this.#group.leaseMs / renewalsPerLease)),
    );
    for (const partition of this.#partitions.values()) if (!partition.active) this.#giveUp(partition);
    const { quota, free } = await this.#membership.look();
    for (const partition of this.#active().slice(quota)) this.#giveUp(partition);
    for (const { index, record } of free) {
      if (this.#active().length >= quota) break;
      attempts.signal.throwIfAborted();
      if (!this.#partitions.has(index)) await this.#take(index, record);
    }
  }

  async #take(index: number, record: PartitionRecord | undefined): Promise<void> {
    const { source } = this.#context;
    const { consumer: owner, leaseMs } = this.#group;
    const adapter = await source.adapter();
    const name = this.#names.partition(index);
    const since = source.clock.now();
    const position = record?.position ?? this.#beginning;
    const revision = await adapter.saveCheckpoint(
      name,
      { position, state: partitionState(owner, leaseMs) },
      { expectedRevision: record?.revision ?? 0 },
    );
    if (revision === undefined) return;
    // What was parked by those who had it before.
    await this.#delivery.parked?.refresh();
    this.#read = this.#active().length === 0 ? position : Math.min(this.#read, position);
    const lease = new Lease({ name, owner, leaseMs, revision, since }, source);
    this.#partitions.set(index, new Partition(index, position, lease, this.#host));
    this.#wake();
  }

  /** Until its event in hand is handled it is in the way of being taken again. */
  #giveUp(partition: Partition): void {
    partition.leave().then(
      () => this.#partitions.delete(partition.index),
      (error: unknown) => {
        if (error !== this.#context.attempts.signal.reason) this.#fail(error);
      },
    );
  }

  #fail = (error: unknown): void => {
    this.#failure ??= { error };
    this.#wake();
  };

  get #host() {
    const { attempts } = this.#context;
    const { batchSize } = this.#settings;
    return { attempts, delivery: this.#delivery, batchSize, drained: this.#wake, failed: this.#fail };
  }
}

/** How many batches may wait for partitions that are slow, before reading waits for them too. */
const maxQueuedBatches = 4;

const noEvents: readonly RecordedEvent[] = [];
