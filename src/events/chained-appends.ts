import { type ExpectedVersion, meetsExpectedVersion } from '../core/expected-version.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { CheckpointState } from './checkpoint-state.ts';
import type {
  AdapterAppendOptions,
  AppendOutcome,
  EventAdapter,
  EventBatch,
  NamedCheckpoint,
  StoredCheckpoint,
} from './event-adapter.ts';
import { beginningOf, hashOf, withLink } from './hash-chain.ts';

/** The end of the chain of each stream is kept under this and its name: the version and the hash of its last event. */
const endOfChain = ownCheckpoint('chain', '');

/** How far the chain of a stream is. */
export interface ChainEnd {
  readonly stream: string;
  readonly version: number;
  readonly hash: string;
}

export const chainName = (stream: string): string => ownCheckpoint('chain', stream);

/** The ends of all chains, by the name of their checkpoint. */
export async function chainEnds(adapter: EventAdapter): Promise<Map<string, ChainEnd>> {
  const ends = await adapter.listCheckpoints(endOfChain);
  return new Map(ends.map((checkpoint) => [checkpoint.name, endOf(checkpoint)]));
}

/** The end that is kept of a stream's chain. */
export async function loadChainEnd(adapter: EventAdapter, stream: string): Promise<ChainEnd | undefined> {
  const checkpoint = await adapter.loadCheckpoint(chainName(stream));
  return checkpoint && endOf(checkpoint);
}

/**
 * Appends events that each have the hash of the one before, and keeps the hash of the last in the same transaction.
 *
 * For that the version must be known, whatever the caller expects: it is read before, and once more if it was another
 * one by then. Whoever is overtaken so was overtaken by an append that is stored.
 */
export async function appendChained(
  adapter: EventAdapter,
  batches: readonly EventBatch[],
  options: AdapterAppendOptions & { readonly signal?: AbortSignal | undefined },
): Promise<AppendOutcome> {
  const { signal, ...rest } = options;
  for (;;) {
    const ends = await Promise.all(batches.map(({ stream }) => standing(adapter, stream)));
    const linked = batches.map((batch, index) => link(batch, ends[index]!));
    const checkpoints = linked.map(({ end }) => end);
    signal?.throwIfAborted();
    const outcome = await adapter.append(
      linked.map(({ batch }) => batch),
      { ...rest, checkpoints },
    );
    if (outcome.status !== 'conflict') return outcome;
    const { stream, actualVersion } = outcome;
    const { expectedVersion } = batches.find((batch) => batch.stream === stream)!;
    if (!meetsExpectedVersion(actualVersion, expectedVersion)) return outcome;
  }
}

/** Where a stream is, and the hash of its last event, which need not have a link itself. */
async function standing(adapter: EventAdapter, stream: string): Promise<ChainEnd> {
  const [version, end] = await Promise.all([adapter.streamVersion(stream), loadChainEnd(adapter, stream)]);
  // The chain was longer: what was removed from its end must stay missing, so that the next event links to it.
  if (end && end.version >= version) return { stream, version, hash: end.hash };
  if (version === 0) return { stream, version, hash: beginningOf(stream) };
  const page = { stream, from: version, to: version, limit: 1, direction: 'forward' as const };
  const [last] = await adapter.readStream(page);
  // Removed with its chain, in a store that was copied: what comes now begins another one.
  return { stream, version, hash: last ? hashOf(last) : beginningOf(stream) };
}

/** The batch with its links, for the stream where it stands: of what the caller did not expect it is to be refused. */
function link(batch: EventBatch, end: ChainEnd): { batch: EventBatch; end: NamedCheckpoint } {
  const { stream } = batch;
  let { version, hash } = end;
  const events = batch.events.map((event) => {
    const linked = withLink(event, hash);
    version++;
    hash = hashOf({ ...linked, stream, version });
    return linked;
  });
  const expectedVersion: ExpectedVersion = meetsExpectedVersion(end.version, batch.expectedVersion)
    ? end.version
    : unreachable;
  const state = JSON.stringify({ stream, hash });
  return { batch: { stream, events, expectedVersion }, end: { name: chainName(stream), position: version, state } };
}

/** No stream gets there: an append under it tells where the stream is, and whether its events are stored already. */
const unreachable = Number.MAX_SAFE_INTEGER;

function endOf(checkpoint: StoredCheckpoint): ChainEnd {
  const state = new CheckpointState(checkpoint);
  return { stream: state.text('stream'), version: checkpoint.position, hash: state.text('hash') };
}
