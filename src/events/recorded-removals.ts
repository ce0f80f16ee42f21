import { type ExpectedVersion, meetsExpectedVersion } from '../core/expected-version.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import type { DeleteOutcome, EventAdapter } from './event-adapter.ts';

/**
 * What a store with a hash chain removes is kept under this and the name of the stream: the first version that is left.
 * It is written before anything is removed, so that there is never a removal that nobody has written down.
 */
export const removalNames = ownCheckpoint('removed', '');

/** The first version that was left when the stream was last truncated or deleted; 1 if it never was. */
export async function firstLeft(adapter: EventAdapter, stream: string): Promise<number> {
  return (await adapter.loadCheckpoint(ownCheckpoint('removed', stream)))?.position ?? 1;
}

export async function truncateRecorded(adapter: EventAdapter, stream: string, beforeVersion: number): Promise<void> {
  // Not more than is there by now: what is appended meanwhile stays.
  const first = Math.min(beforeVersion, (await adapter.streamVersion(stream)) + 1);
  if (first > 1) await record(adapter, stream, first);
  await adapter.truncateStream(stream, first);
}

export async function deleteRecorded(
  adapter: EventAdapter,
  stream: string,
  expectedVersion: ExpectedVersion,
): Promise<DeleteOutcome> {
  const isDue = meetsExpectedVersion(await adapter.streamVersion(stream), expectedVersion);
  if (isDue) await record(adapter, stream, noneLeft);
  const outcome = await adapter.deleteStream(stream, expectedVersion);
  // It came to what was expected only then, or was deleted already.
  if (!isDue && outcome.status === 'deleted') await record(adapter, stream, noneLeft);
  return outcome;
}

const noneLeft = Number.MAX_SAFE_INTEGER;

/** Never less than was written down before: removals may race. */
async function record(adapter: EventAdapter, stream: string, position: number): Promise<void> {
  const name = ownCheckpoint('removed', stream);
  for (;;) {
    const { position: before = 1, revision = 0 } = (await adapter.loadCheckpoint(name)) ?? {};
    if (before >= position) return;
    if (await adapter.saveCheckpoint(name, { position, state: '{}' }, { expectedRevision: revision })) return;
  }
}
