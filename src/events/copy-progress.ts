import { InvalidArgumentError } from '../core/errors.ts';
import { allStreams } from './backup-events.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { CheckpointState } from './checkpoint-state.ts';
import { branchEpoch, checkpointText, type Epochs, epochsOf, positionIn } from './epochs.ts';
import type { EventAdapter, StoredEvent, StreamInfo } from './event-adapter.ts';
import { digestOf, eventsBehind, importPage } from './imported-page.ts';

const progressName = ownCheckpoint('copy');
const anew = 'begin the copy anew in an empty store';

/**
 * How far a copy is, kept in the target as a checkpoint of the source: that the source was set back since, or that
 * somebody else has written to the target, shows by it.
 */
export class CopyProgress {
  readonly #source: EventAdapter;
  readonly #target: EventAdapter;
  readonly #signal: AbortSignal | undefined;
  #epochs: Epochs = [];
  /** Up to where the target has the source's events. */
  #checkpoint = '';
  #position = 0;
  /** The target's own life branches off there. */
  #branched = '';

  private constructor(source: EventAdapter, target: EventAdapter, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#target = target;
    this.#signal = signal;
  }

  /**
   * The progress of a copy that goes on, or of one that begins.
   *
   * @throws {@link CheckpointEpochError} if the source was set back behind what was copied.
   * @throws {@link InvalidArgumentError} if the target holds anything else.
   */
  static async of(source: EventAdapter, target: EventAdapter, signal: AbortSignal | undefined): Promise<CopyProgress> {
    const progress = new CopyProgress(source, target, signal);
    await progress.#resume();
    await progress.isUndisturbed();
    await progress.branch();
    return progress;
  }

  /** Up to where the target has the source's events. */
  get position(): number {
    return this.#position;
  }

  /**
   * Whether what was read of the source since the last time is of one life of it, the present one.
   *
   * @throws {@link CheckpointEpochError} if the source was set back behind what was copied.
   * @throws {@link InvalidArgumentError} if somebody else has written to the target.
   */
  async isUndisturbed(): Promise<boolean> {
    const epochs = await epochsOf(this.#source);
    const position = positionIn(epochs, this.#checkpoint, anew);
    if ((await this.#target.lastPosition()) > position) throw this.#notOnly('events of its own');
    const checkpoint = checkpointText(epochs, position);
    const isSame = checkpoint === this.#checkpoint;
    if (!isSame) await this.#findUndone();
    this.#epochs = epochs;
    this.#checkpoint = checkpoint;
    this.#position = position;
    return isSame;
  }

  /** Imports a page. What it is is written down first, to be known again if that it is there can't be written any more. */
  async import(page: readonly StoredEvent[]): Promise<void> {
    const { position } = page.at(-1)!;
    const next = checkpointText(this.#epochs, position);
    await this.#save({ next, sha256: digestOf(page) });
    await importPage(this.#target, page);
    this.#checkpoint = next;
    this.#position = position;
    await this.#save();
  }

  /** Lets the target's own life begin behind what was copied. */
  async branch(): Promise<void> {
    if (this.#branched === this.#checkpoint) return;
    await branchEpoch(this.#target, this.#epochs, this.#position);
    this.#branched = this.#checkpoint;
  }

  async #resume(): Promise<void> {
    const epochs = await epochsOf(this.#source);
    const stored = await this.#target.loadCheckpoint(progressName);
    if (!stored) {
      if ((await this.#target.listStreams({ limit: 1 })).length > 0) throw this.#notOnly('no progress of a copy');
      this.#checkpoint = checkpointText(epochs, 0);
      return this.#save();
    }
    const state = new CheckpointState(stored);
    this.#checkpoint = state.text('source');
    this.#position = positionIn(epochs, this.#checkpoint, anew);
    const held = await eventsBehind(this.#target, this.#position, { signal: this.#signal });
    if (held.length === 0) return;
    if (state.optionalText('sha256') !== digestOf(held)) throw this.#notOnly('events of its own');
    this.#checkpoint = state.text('next');
    this.#position = positionIn(epochs, this.#checkpoint, anew);
    // Before any of it is removed, as it then could not be told any more.
    await this.#save();
  }

  async #save(importing = {}): Promise<void> {
    const state = JSON.stringify({ source: this.#checkpoint, ...importing });
    await this.#target.saveCheckpoint(progressName, { position: this.#position, state });
  }

  /** Where the source was set back, what was removed since is there again: the target must not have removed it. */
  async #findUndone(): Promise<void> {
    const copies = new Map<string, StreamInfo>();
    for await (const info of allStreams(this.#target, this.#signal)) copies.set(info.stream, info);
    for await (const { stream, firstVersion, deleted } of allStreams(this.#source, this.#signal)) {
      const copy = copies.get(stream);
      const isBehind = !copy || deleted || (!copy.deleted && copy.firstVersion <= firstVersion);
      if (isBehind) copies.delete(stream);
    }
    const [left] = copies.keys();
    if (left !== undefined) throw this.#notOnly(`a stream "${left}" that the source has otherwise`);
  }

  #notOnly(what: string): InvalidArgumentError {
    return new InvalidArgumentError('target', `a copy of this source that nobody else writes to (${anew})`, what);
  }
}
