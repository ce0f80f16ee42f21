import type { EventAdapter, StoredCheckpoint } from './event-adapter.ts';
import type { GroupSettings } from './group-options.ts';
import {
  type GroupNames,
  type MemberRecord,
  memberRecord,
  memberState,
  type PartitionRecord,
  partitionRecord,
} from './group-records.ts';
import type { SubscriptionSource } from './rounds.ts';
import { SilenceWatch } from './silence-watch.ts';

/** What one consumer is to do, as far as it can see. */
export interface GroupView {
  /** How many partitions are its share. */
  readonly quota: number;
  /** Partitions that are nobody's, or whose owner is silent for too long; the first ones first. */
  readonly free: readonly { readonly index: number; readonly record: PartitionRecord | undefined }[];
}

/** How often a consumer gives a sign of life, and renews each lease, within the time of one. */
export const renewalsPerLease = 4;

/** Who is in a consumer group, and whose partitions are free: each consumer sees for itself and all come to the same. */
export class GroupMembership {
  readonly #settings: GroupSettings;
  readonly #names: GroupNames;
  readonly #source: SubscriptionSource;
  readonly #watch: SilenceWatch;
  #told = Number.NEGATIVE_INFINITY;

  constructor(settings: GroupSettings, names: GroupNames, source: SubscriptionSource) {
    this.#settings = settings;
    this.#names = names;
    this.#source = source;
    this.#watch = new SilenceWatch(source.clock);
  }

  /** Gives a sign of life and looks at those of the others. */
  async look(): Promise<GroupView> {
    const adapter = await this.#source.adapter();
    const { consumer, partitions } = this.#settings;
    await this.#giveSign(adapter);
    const { members, held } = await this.#records(adapter);
    const consumers = [...new Set([consumer, ...members.map((member) => member.consumer)])].sort();
    const rank = consumers.indexOf(consumer);
    const quota = Math.floor(partitions / consumers.length) + (rank < partitions % consumers.length ? 1 : 0);
    const free: { index: number; record: PartitionRecord | undefined }[] = [];
    // Each begins at another place, so that two that come at once seldom want the same.
    const first = Math.floor((rank * partitions) / consumers.length);
    for (let step = 0; step < partitions; step++) {
      const index = (first + step) % partitions;
      const record = held.get(this.#names.partition(index));
      if (!record || this.#isFree(record)) free.push({ index, record });
    }
    return { quota, free };
  }

  /** Says goodbye, so that nobody waits for this consumer's silence. */
  async leave(): Promise<void> {
    await (await this.#source.adapter()).deleteCheckpoint(this.#names.member(this.#settings.consumer));
  }

  /** How far the group as a whole is; nothing if a partition has not begun. */
  async settled(): Promise<number | undefined> {
    const { held } = await this.#list(await this.#source.adapter());
    if (held.size < this.#settings.partitions) return undefined;
    return Math.min(...[...held.values()].map(({ position }) => position));
  }

  #isFree({ name, owner, leaseMs }: PartitionRecord): boolean {
    return owner === undefined || owner === this.#settings.consumer || this.#watch.silentFor(name) >= leaseMs;
  }

  async #giveSign(adapter: EventAdapter): Promise<void> {
    const { consumer, leaseMs } = this.#settings;
    const now = this.#source.clock.now();
    if (now - this.#told < leaseMs / renewalsPerLease) return;
    await adapter.saveCheckpoint(this.#names.member(consumer), { position: 0, state: memberState(consumer, leaseMs) });
    this.#told = now;
  }

  async #records(adapter: EventAdapter): Promise<{ members: MemberRecord[]; held: Map<string, PartitionRecord> }> {
    const { members, held } = await this.#list(adapter);
    this.#watch.observe([...members, ...held.values()]);
    const live: MemberRecord[] = [];
    for (const member of members) {
      const silentMs = member.consumer === this.#settings.consumer ? 0 : this.#watch.silentFor(member.name);
      if (silentMs < member.leaseMs) live.push(member);
      else await adapter.deleteCheckpoint(member.name);
    }
    return { members: live, held };
  }

  async #list(adapter: EventAdapter): Promise<{ members: MemberRecord[]; held: Map<string, PartitionRecord> }> {
    const members: MemberRecord[] = [];
    const held = new Map<string, PartitionRecord>();
    for (const checkpoint of await adapter.listCheckpoints(this.#names.prefix)) {
      if (this.#isPartition(checkpoint)) held.set(checkpoint.name, partitionRecord(checkpoint));
      else members.push(memberRecord(checkpoint));
    }
    return { members, held };
  }

  #isPartition({ name }: StoredCheckpoint): boolean {
    return name.startsWith(`${this.#names.prefix}partition/`);
  }
}
