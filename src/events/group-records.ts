import { ownCheckpoint } from './checkpoint-names.ts';
import { CheckpointState } from './checkpoint-state.ts';
import type { StoredCheckpoint } from './event-adapter.ts';

/** Where a consumer group keeps what its consumers must know of each other. */
export class GroupNames {
  /** How many partitions there are, and where they began. */
  readonly definition: string;
  /** What the names of all other records begin with. */
  readonly prefix: string;
  readonly #group: string;

  constructor(group: string) {
    this.#group = group;
    this.definition = ownCheckpoint('group', group);
    this.prefix = `${this.definition}/`;
  }

  partition(index: number): string {
    return ownCheckpoint('group', this.#group, 'partition', index);
  }

  member(consumer: string): string {
    return ownCheckpoint('group', this.#group, 'member', consumer);
  }
}

/** A partition's checkpoint, which is its lease too. */
export interface PartitionRecord extends StoredCheckpoint {
  /** Who handles it; nobody, if it was given back. */
  readonly owner: string | undefined;
  /** How long the owner may be silent. */
  readonly leaseMs: number;
}

export function partitionRecord(checkpoint: StoredCheckpoint): PartitionRecord {
  const state = new CheckpointState(checkpoint);
  return { ...checkpoint, owner: state.optionalText('owner'), leaseMs: state.number('leaseMs') };
}

export function partitionState(owner: string | undefined, leaseMs: number): string {
  return JSON.stringify({ owner, leaseMs });
}

/** A sign of life of a consumer. */
export interface MemberRecord extends StoredCheckpoint {
  readonly consumer: string;
  readonly leaseMs: number;
}

export function memberRecord(checkpoint: StoredCheckpoint): MemberRecord {
  const state = new CheckpointState(checkpoint);
  return { ...checkpoint, consumer: state.text('consumer'), leaseMs: state.number('leaseMs') };
}

export function memberState(consumer: string, leaseMs: number): string {
  return JSON.stringify({ consumer, leaseMs });
}
