import { InvalidArgumentError } from '../core/errors.ts';
import { streamsOf } from './backup-events.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { CheckpointState } from './checkpoint-state.ts';
import { branchEpoch, checkpointText, epochsOf, positionIn } from './epochs.ts';
import type { EventAdapter, StoredEvent } from './event-adapter.ts';
import { digestOf, eventsBehind, importPage } from './imported-page.ts';

/**
 * How far a copy is, kept in the target as a checkpoint of the source: that the source was set back since, or that
 * somebody else has written to the target, shows by it.
 */
export interface CopyProgress {
  /** Up to where the target has the source's events. */
  position(): number;
  /**
   * Whether what was read of the source since the last time is of one life of it, the present one.
   *
   * @throws {@link CheckpointEpochError} if the source was set back behind what was copied.
   * @throws {@link InvalidArgumentError} if somebody else has written to the target.
   */
  isUndisturbed(): Promise<boolean>;
  /** Imports a page. What it is is written down first, to be known again if that it is there can't be written any more. */
  import(page: readonly StoredEvent[]): Promise<void>;
  /** Lets the target's own life begin behind what was copied. */
  branch(): Promise<void>;
}

const progressName = ownCheckpoint('copy');
const anew = 'begin the copy anew in an empty store';

/**
 * The progress of a copy that goes on, or of one that begins.
 *
 * @throws {@link CheckpointEpochError} if the source was set back behind what was copied.
 * @throws {@link InvalidArgumentError} if the target holds anything else.
 */
export async function copyProgress(
  source: EventAdapter,
  target: EventAdapter,
  signal: AbortSignal | undefined,
): Promise<CopyProgress> {
  let epochs = await epochsOf(source);
  /** Up to where the target has the source's events. */
  let checkpoint = checkpointText(epochs, 0);
  let position = 0;
  /** The target's own life branches off there. */
  let branched = '';

  const reach = (reached: string) => {
    position = positionIn(epochs, reached, anew);
    checkpoint = reached;
  };
  const save = (importing = {}) =>
    target.saveCheckpoint(progressName, { position, state: JSON.stringify({ source: checkpoint, ...importing }) });

  async function resume(): Promise<void> {
    const stored = await target.loadCheckpoint(progressName);
    if (!stored) {
      if ((await target.listStreams({ limit: 1 })).length > 0) throw notOnlyACopy('no progress of a copy');
      await save();
      return;
    }
    const state = new CheckpointState(stored);
    reach(state.text('source'));
    const held = await eventsBehind(target, position, { signal });
    if (held.length === 0) return;
    if (state.optionalText('sha256') !== digestOf(held)) throw notOnlyACopy('events of its own');
    reach(state.text('next'));
    // Before any of it is removed, as it then could not be told any more.
    await save();
  }

  async function isUndisturbed(): Promise<boolean> {
    epochs = await epochsOf(source);
    reach(checkpoint);
    if ((await target.lastPosition()) > position) throw notOnlyACopy('events of its own');
    const present = checkpointText(epochs, position);
    const isSame = present === checkpoint;
    if (!isSame) await findUndone(source, target, signal);
    checkpoint = present;
    return isSame;
  }

  async function branch(): Promise<void> {
    if (branched === checkpoint) return;
    await branchEpoch(target, epochs, position);
    branched = checkpoint;
  }

  await resume();
  await isUndisturbed();
  await branch();
  return {
    position: () => position,
    isUndisturbed,
    branch,
    async import(page) {
      const next = checkpointText(epochs, page.at(-1)!.position);
      await save({ next, sha256: digestOf(page) });
      await importPage(target, page);
      reach(next);
      await save();
    },
  };
}

/** Where the source was set back, what was removed since is there again: the target must not have removed it. */
async function findUndone(source: EventAdapter, target: EventAdapter, signal: AbortSignal | undefined): Promise<void> {
  const originals = await streamsOf(source, signal);
  for (const [stream, copy] of await streamsOf(target, signal)) {
    const original = originals.get(stream);
    if (original?.deleted || (original && !copy.deleted && copy.firstVersion <= original.firstVersion)) continue;
    throw notOnlyACopy(`a stream "${stream}" that the source has otherwise`);
  }
}

const notOnlyACopy = (what: string) =>
  new InvalidArgumentError('target', `a copy of this source that nobody else writes to (${anew})`, what);
