import { InvalidArgumentError } from '../core/errors.ts';
import { createId } from '../core/ids.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { CheckpointState } from './checkpoint-state.ts';
import { CheckpointEpochError } from './errors.ts';
import type { EventAdapter, StoredCheckpoint } from './event-adapter.ts';

/** A life of a store: it ends where the store is set back, and another one goes on from what was left. */
interface Epoch {
  readonly id: string;
  /** The last position that it took over from the one before it. */
  readonly position: number;
}

/** The lives of a store, the present one last: as the timelines of PostgreSQL, or the leader epochs of Kafka. */
export type Epochs = readonly Epoch[];

/** They are kept under this name. */
export const epochsName = ownCheckpoint('epochs');

/** The lives of this store. Another one begins here if the storage tells that it is not what it was. */
export function epochsOf(adapter: EventAdapter): Promise<Epochs> {
  return revise(adapter, (known, isSame) => known.length === 0 || !isSame, extend(adapter));
}

/** Begins another life with what the store holds now: what its lives before had behind that is none of it. */
export function beginEpoch(adapter: EventAdapter): Promise<Epochs> {
  return revise(adapter, () => true, extend(adapter));
}

/** Begins another life if the storage tells that it is not what it was. Nothing is written where nobody ever asked for one. */
export async function noticeEpoch(adapter: EventAdapter): Promise<void> {
  // Looked for first: the question itself may need a right that a store without checkpoints can do without.
  if (!adapter.life || !(await adapter.loadCheckpoint(epochsName))) return;
  await revise(adapter, (_, isSame) => !isSame, extend(adapter));
}

/**
 * Makes a store a life of the one that it is copied from, which has branched off where the copy has come to. It keeps its
 * own while its storage is the same.
 */
export function branchEpoch(adapter: EventAdapter, source: Epochs, position: number): Promise<Epochs> {
  return revise(
    adapter,
    () => true,
    (known, isSame) => {
      const last = known.at(-1);
      const isOwn = isSame && last && !source.some(({ id }) => id === last.id);
      return [...source, { id: isOwn ? last.id : createId(), position }];
    },
  );
}

/** A position as a text that can be kept anywhere: it tells of which life of the store it is. */
export function checkpointText(epochs: Epochs, position: number): string {
  return textOf({ id: epochs.at(-1)!.id, position });
}

/** The life that a checkpoint is of. */
export const lifeOf = (checkpoint: string): string => checkpoint.slice(0, checkpoint.indexOf(':'));

/**
 * The position of a checkpoint, if this store has the same events up to there.
 *
 * @param advice - What is to be done if not. Default: what a reader is to do.
 * @throws {@link CheckpointEpochError} if it may have others.
 */
export function positionIn(epochs: Epochs, checkpoint: string, advice?: string): number {
  const stands = parse(checkpoint);
  if (!stands) throw new InvalidArgumentError('checkpoint', 'a text that checkpointOf has given', checkpoint);
  const index = epochs.findIndex(({ id }) => id === stands.id);
  const later = epochs.slice(index + 1).map(({ position }) => position);
  const sharedUpTo = index < 0 ? 0 : Math.min(...later, Number.MAX_SAFE_INTEGER);
  if (stands.position > sharedUpTo || index < 0) {
    throw new CheckpointEpochError({ checkpoint, position: stands.position, sharedUpTo, advice });
  }
  return stands.position;
}

const extend = (adapter: EventAdapter) => async (known: Epochs) => [
  ...known,
  { id: createId(), position: known.length === 0 ? 0 : await adapter.lastPosition() },
];

/** Changes the lives where they are to be: of several that do it at once, one comes after the other. */
async function revise(
  adapter: EventAdapter,
  isDue: (known: Epochs, isSame: boolean) => boolean,
  change: (known: Epochs, isSame: boolean) => Epochs | Promise<Epochs>,
): Promise<Epochs> {
  const life = await adapter.life?.();
  for (;;) {
    const stored = await adapter.loadCheckpoint(epochsName);
    const { known, isSame } = read(stored, life);
    if (!isDue(known, isSame)) return known;
    const epochs = await change(known, isSame);
    const state = JSON.stringify({ life, epochs: epochs.map(textOf) });
    const options = { expectedRevision: stored?.revision ?? 0 };
    const { position } = epochs.at(-1)!;
    if ((await adapter.saveCheckpoint(epochsName, { position, state }, options)) !== undefined) return epochs;
  }
}

function read(stored: StoredCheckpoint | undefined, life: string | undefined): { known: Epochs; isSame: boolean } {
  if (!stored) return { known: [], isSame: true };
  const state = new CheckpointState(stored);
  return { known: state.list('epochs', parse), isSame: life === undefined || state.optionalText('life') === life };
}

const textOf = ({ id, position }: Epoch): string => `${id}:${position}`;

function parse(text: string): Epoch | undefined {
  const [, id, digits] = /^([^:]+):(\d+)$/.exec(text) ?? [];
  const position = Number(digits);
  return id !== undefined && Number.isSafeInteger(position) ? { id, position } : undefined;
}
