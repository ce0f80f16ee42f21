import { checkInteger } from '../core/check-integer.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import { checkName } from './event-names.ts';

/** How several consumers share a subscription. */
export interface GroupOptions {
  /** Into how many parts the streams are divided: no more consumers than that have work. Fixed for good. Default 16. */
  readonly partitions?: number;
  /** How long a consumer may be silent before the others take its partitions over, in ms. Default 10 000. */
  readonly leaseMs?: number;
  /** What this consumer is called, in the store's records. Default: a new id. */
  readonly consumer?: string;
}

export interface GroupSettings {
  readonly partitions: number;
  readonly leaseMs: number;
  /** Never the same for two, even of one name. */
  readonly consumer: string;
}

const maxPartitions = 1024;

/** @throws {@link InvalidArgumentError} naming the option that is wrong. */
export function groupSettings(options: GroupOptions): GroupSettings {
  const { partitions = 16, leaseMs = 10_000, consumer } = options;
  checkInteger(partitions, 1, 'options.group.partitions');
  if (partitions > maxPartitions) {
    throw new InvalidArgumentError('options.group.partitions', `at most ${maxPartitions}`, partitions);
  }
  checkInteger(leaseMs, 1, 'options.group.leaseMs');
  const id = createId();
  if (consumer !== undefined) checkName(consumer, 'options.group.consumer');
  return { partitions, leaseMs, consumer: consumer === undefined ? id : `${consumer} ${id}` };
}
