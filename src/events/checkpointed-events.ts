import { checkpointText, epochsOf, positionIn } from './epochs.ts';
import { allSequence, type BatchSource } from './event-batches.ts';
import type { ReadAllOptions } from './event-store-options.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** An event, and the checkpoint of a reader that has handled it. */
export interface CheckpointedEvent<R extends RecordedEvent = RecordedEvent> {
  readonly event: R;
  /** To be kept anywhere, and given as `after`. */
  readonly checkpoint: string;
}

/**
 * Events with checkpoints of the life that the store was in before they were read. Was it set back meanwhile, each is of
 * a position that both lives have, or is refused later: never taken for a position of the wrong one.
 */
export async function* checkpointedEvents<R extends RecordedEvent>(
  source: BatchSource<R>,
  { after, ...options }: ReadAllOptions,
): AsyncGenerator<CheckpointedEvent<R>, void> {
  const epochs = await epochsOf(await source.adapter());
  const start = typeof after === 'string' ? positionIn(epochs, after) : (after ?? 0);
  for await (const event of allSequence(source, { ...options, after: start })) {
    yield { event, checkpoint: checkpointText(epochs, event.position) };
  }
}
