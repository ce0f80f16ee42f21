import { sleep } from '../core/abort.ts';
import { backoffDelay, type Random } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import { type ExpectedVersion, meetsExpectedVersion } from '../core/expected-version.ts';
import { ownCheckpoint } from './checkpoint-names.ts';
import { CheckpointState } from './checkpoint-state.ts';
import type {
  AdapterAppendOptions,
  AppendedBatch,
  AppendOutcome,
  EventAdapter,
  EventBatch,
  NamedCheckpoint,
  StoredCheckpoint,
} from './event-adapter.ts';
import { beginningOf, hashOf, placed, withLink } from './hash-chain.ts';
import { StreamTurns, type Turn } from './stream-turns.ts';

/** The end of the chain of each stream is kept under this and its name: where its last event is, and the hash of that. */
const endOfChain = ownCheckpoint('chain', '');

/** How far the chain of a stream is. */
export interface ChainEnd {
  readonly stream: string;
  readonly version: number;
  readonly hash: string;
  /** Where the event stands in the store; 0 where there is none. */
  readonly position: number;
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

/** Appends of this process wait for each other, stream by stream, where they would only overtake each other. */
const turns = new WeakMap<EventAdapter, StreamTurns<ChainEnd>>();

/**
 * Appends events that each have the hash of the one before, and keeps the hash of the last in the same transaction.
 *
 * For that the version must be known, whatever the caller expects: from the append before that this process had waiting,
 * or by reading it; anew, after a while, if it was another one by then. Whoever is overtaken so was overtaken by an
 * append that is stored.
 */
export function appendChained(
  adapter: EventAdapter,
  batches: readonly EventBatch[],
  options: Omit<AdapterAppendOptions, 'checkpoints'> & {
    readonly signal?: AbortSignal | undefined;
    readonly clock: Clock;
    readonly random: Random;
  },
): Promise<AppendOutcome> {
  const { signal, clock, random, ...rest } = options;
  const own = turns.get(adapter) ?? new StreamTurns();
  turns.set(adapter, own);
  const append = async (left: readonly (ChainEnd | undefined)[]): Promise<Turn<AppendOutcome, ChainEnd>> => {
    for (let attempt = 1, known = left; ; attempt++, known = []) {
      const ends = await Promise.all(batches.map(({ stream }, index) => known[index] ?? standing(adapter, stream)));
      const linked = batches.map((batch, index) => link(batch, ends[index]!));
      const endsAt = (appended: readonly AppendedBatch[]) =>
        linked.map(({ end }, index): ChainEnd => ({ ...end, position: appended[index]!.position }));
      signal?.throwIfAborted();
      const result = await adapter.append(
        linked.map(({ batch }) => batch),
        { ...rest, checkpoints: (appended) => endsAt(appended).map(toCheckpoint) },
      );
      if (result.status === 'appended') return { result, left: endsAt(result.batches) };
      if (result.status !== 'conflict' || !wasOvertaken(batches, result)) return { result, left: [] };
      await sleep(backoffDelay(attempt, { initialMs: 5, maxMs: 100 }, random), { clock, signal });
    }
  };
  return own.run(
    batches.map(({ stream }) => stream),
    append,
    signal,
  );
}

/** Whether the caller would have taken the version at which the stream was found. */
function wasOvertaken(batches: readonly EventBatch[], { stream, actualVersion }: Conflict): boolean {
  return meetsExpectedVersion(actualVersion, batches.find((batch) => batch.stream === stream)!.expectedVersion);
}

type Conflict = Extract<AppendOutcome, { readonly status: 'conflict' }>;

/** Where a stream is, and the hash of its last event, which need not have a link itself. */
async function standing(adapter: EventAdapter, stream: string): Promise<ChainEnd> {
  const [version, end] = await Promise.all([adapter.streamVersion(stream), loadChainEnd(adapter, stream)]);
  // The chain was longer: what was removed from its end must stay missing, so that the next event links to it.
  if (end && end.version >= version) return { ...end, version };
  const page = { stream, from: version, to: version, limit: 1, direction: 'forward' as const };
  const [last] = version === 0 ? [] : await adapter.readStream(page);
  // Removed with its chain, in a store that was copied: what comes now begins another one.
  if (!last) return { stream, version, hash: beginningOf(stream), position: 0 };
  return { stream, version, hash: hashOf(last), position: last.position };
}

/** The batch with its links, for the stream where it stands: of what the caller did not expect it is to be refused. */
function link(batch: EventBatch, end: ChainEnd): { batch: EventBatch; end: Omit<ChainEnd, 'position'> } {
  const { stream } = batch;
  let { version, hash } = end;
  const events = batch.events.map((event, index) => {
    const linked = withLink(event, index === 0 && end.position > 0 ? placed(hash, end.position) : hash);
    version++;
    hash = hashOf({ ...linked, stream, version });
    return linked;
  });
  const expectedVersion: ExpectedVersion = meetsExpectedVersion(end.version, batch.expectedVersion)
    ? end.version
    : unreachable;
  return { batch: { stream, events, expectedVersion }, end: { stream, version, hash } };
}

/** No stream gets there: an append under it tells where the stream is, and whether its events are stored already. */
const unreachable = Number.MAX_SAFE_INTEGER;

function toCheckpoint({ stream, version, hash, position }: ChainEnd): NamedCheckpoint {
  return { name: chainName(stream), position: version, state: JSON.stringify({ stream, hash, position }) };
}

function endOf(checkpoint: StoredCheckpoint): ChainEnd {
  const state = new CheckpointState(checkpoint);
  const [stream, hash] = [state.text('stream'), state.text('hash')];
  return { stream, version: checkpoint.position, hash, position: state.number('position') };
}
