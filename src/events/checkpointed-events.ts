import { checkInteger } from '../core/check-integer.ts';
import { checkpointText, epochsOf, lifeOf, positionIn } from './epochs.ts';
import { allSequence, type BatchSource } from './event-batches.ts';
import type { ReadAllOptions } from './event-store-options.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** An event, and the checkpoint of a reader that has handled it. */
export interface CheckpointedEvent<R extends RecordedEvent = RecordedEvent> {
  readonly event: R;
  /**
   * To be kept anywhere, and given as `after`. It tells in which life of the store its event was read, also if that is set
   * back meanwhile: whoever goes on from it has seen the same events up to there, or is refused.
   */
  readonly checkpoint: string;
}

/**
 * Events with checkpoints of the very life that they were read in: a batch is given where the store was in the same one
 * before and after it was read. In another life it is read again, if the reader has the same events up to there.
 */
export async function* checkpointedEvents<R extends RecordedEvent>(
  source: BatchSource<R>,
  { after = 0, limit = Number.MAX_SAFE_INTEGER, ...options }: ReadAllOptions,
): AsyncGenerator<CheckpointedEvent<R>, void> {
  if (typeof after !== 'string') checkInteger(after, 0, 'options.after');
  const adapter = await source.adapter();
  let epochs = await epochsOf(adapter);
  let last = typeof after === 'string' ? after : checkpointText(epochs, after);
  for (let left = limit, isThrough = false; !isThrough; ) {
    const position = positionIn(epochs, last);
    last = checkpointText(epochs, position);
    isThrough = true;
    for await (const batch of allSequence(source, { ...options, limit: left, after: position }).batches()) {
      epochs = await epochsOf(adapter);
      isThrough = lifeOf(last) === lifeOf(checkpointText(epochs, 0));
      if (!isThrough) break;
      for (const event of batch) {
        last = checkpointText(epochs, event.position);
        yield { event, checkpoint: last };
      }
      left -= batch.length;
    }
  }
}
