import { checkMethods } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import { allStreams } from './backup-events.ts';
import { type ChainEnd, chainEnds, chainName, loadChainEnd } from './chained-appends.ts';
import type { EventAdapter, StoredEvent, StreamInfo } from './event-adapter.ts';
import { beginningOf, hashOf, linkOf, placed } from './hash-chain.ts';
import { firstLeft } from './recorded-removals.ts';
import { misindexedEvents } from './verify-tags.ts';

/**
 * What is wrong with a stream:
 * - `broken`: this event, or the one before it, is not what was appended there
 * - `missing`: events from this version on are not there
 * - `unlinked`: this event was written by something that keeps no chain, behind others that are in one
 * - `misplaced`: this event stands elsewhere in the order of the store than where it was appended
 * - `removed`: events from this version on were truncated or deleted by something that keeps no chain
 * - `misindexed`: a query by tags does not find this event, or finds it by tags that it does not have
 */
export type IntegrityProblem = 'broken' | 'missing' | 'unlinked' | 'misplaced' | 'removed' | 'misindexed';

/** One thing that is wrong. */
export interface IntegrityFinding {
  readonly stream: string;
  readonly version: number;
  readonly problem: IntegrityProblem;
}

/** What an integrity check found. */
export interface IntegrityReport {
  readonly streams: number;
  /** Events that were checked, and how many of them are in no chain: these were only looked at for gaps. */
  readonly events: number;
  readonly unlinked: number;
  /** Streams with a chain whose end is not kept, as in a copied store: that last events were removed can't be told. */
  readonly open: number;
  /** The first ones; empty if all is as it was appended. */
  readonly findings: readonly IntegrityFinding[];
}

/** How a store is checked. */
export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  /** It stops once it has found so many. Default 1000. */
  readonly maxFindings?: number;
}

const pageSize = 500;

/**
 * Looks for events that were changed, removed or reordered behind the back of a store with `hashChain`, and for those
 * that queries by tags don't find. Events may be appended meanwhile, but not removed.
 *
 * Reads everything twice, and asks for each page by the tags on it. Holds a page of events in memory, and the end of each chain. Whoever can write to the storage can make a chain of
 * his own: keep a {@link backupEvents} elsewhere where that matters.
 */
export async function verifyEvents(adapter: EventAdapter, options: VerifyOptions = {}): Promise<IntegrityReport> {
  checkMethods(adapter, 'adapter', 'an EventAdapter', 'init', 'readAll');
  const { signal, maxFindings = 1000 } = options;
  checkInteger(maxFindings, 1, 'options.maxFindings');
  await adapter.init();
  // Before the events: what is in a chain by now must be found.
  const ends = await chainEnds(adapter);
  const total = { streams: 0, events: 0, unlinked: 0, open: 0 };
  const findings: IntegrityFinding[] = [];
  for await (const info of allStreams(adapter, signal)) {
    const name = chainName(info.stream);
    const found = await verifyStream(adapter, info, ends.get(name), signal);
    ends.delete(name);
    total.streams++;
    total.events += found.events;
    total.unlinked += found.unlinked;
    total.open += Number(found.isOpen);
    findings.push(...found.findings);
    if (findings.length >= maxFindings) break;
  }
  if (findings.length < maxFindings) {
    for (const { stream } of ends.values()) findings.push({ stream, version: 1, problem: 'missing' });
  }
  if (findings.length < maxFindings) {
    for await (const { stream, version } of misindexedEvents(adapter, signal)) {
      findings.push({ stream, version, problem: 'misindexed' });
      if (findings.length >= maxFindings) break;
    }
  }
  return { ...total, findings: findings.slice(0, maxFindings) };
}

async function verifyStream(
  adapter: EventAdapter,
  info: StreamInfo,
  end: ChainEnd | undefined,
  signal: AbortSignal | undefined,
) {
  const { stream, version, deleted } = info;
  const first = deleted ? version + 1 : info.firstVersion;
  const recorded = first > 1 ? await firstLeft(adapter, stream) : 1;
  const check = new StreamCheck(stream, { first, recorded }, end);
  for (let from = first; ; ) {
    signal?.throwIfAborted();
    const to = Number.MAX_SAFE_INTEGER;
    const page = await adapter.readStream({ stream, from, to, limit: pageSize, direction: 'forward' });
    for (const event of page) check.next(event);
    if (page.length < pageSize) break;
    from = page.at(-1)!.version + 1;
  }
  // What was appended meanwhile is in the chain that is kept by now.
  check.end(version, check.isBehind ? await loadChainEnd(adapter, stream) : end);
  return check;
}

/** One stream, event by event. */
class StreamCheck {
  events = 0;
  unlinked = 0;
  isOpen = false;
  readonly findings: IntegrityFinding[] = [];
  readonly #stream: string;
  readonly #kept: ChainEnd | undefined;
  /** What the next event links to; nothing where that is not known. */
  #hash: string | undefined;
  #version: number;
  #position = 0;
  /** The first version that the storage says was not removed, and the first that a store with a chain has left. */
  readonly #first: number;
  readonly #recorded: number;
  /** Whether any event has a link, and whether the last one has. */
  #isChained = false;
  #isLinked = false;

  constructor(stream: string, { first, recorded }: { first: number; recorded: number }, kept: ChainEnd | undefined) {
    this.#stream = stream;
    this.#kept = kept;
    this.#first = first;
    this.#recorded = recorded;
    this.#version = first - 1;
    this.#hash = first === 1 ? beginningOf(stream) : undefined;
  }

  /** Whether there are events behind the end of the chain that was kept before. */
  get isBehind(): boolean {
    return this.#version > (this.#kept?.version ?? 0);
  }

  next(event: StoredEvent): void {
    this.events++;
    const link = linkOf(event);
    if (event.version !== this.#version + 1) {
      this.#find('missing', this.#version + 1);
      this.#hash = undefined;
    }
    // What the first one links to was in the chain.
    if (this.events === 1 && link !== undefined && link !== beginningOf(this.#stream)) this.#checkRemoval();
    if (event.position <= this.#position) this.#find('misplaced', event.version);
    this.#isLinked = link !== undefined;
    if (link === undefined) {
      this.unlinked++;
      if (this.#isChained) this.#find('unlinked', event.version);
    } else {
      this.#isChained = true;
      if (this.#hash !== undefined && !this.#isBehindLast(link)) this.#find('broken', event.version);
    }
    this.#version = event.version;
    this.#position = event.position;
    this.#hash = hashOf(event);
    if (this.#kept?.version === event.version) this.#compare(this.#kept);
  }

  /** @param end - What is kept of the chain by now. */
  end(lastVersion: number, end: ChainEnd | undefined): void {
    if (this.events === 0 && this.#kept) this.#checkRemoval();
    if (this.#version < Math.max(lastVersion, this.#kept?.version ?? 0)) this.#find('missing', this.#version + 1);
    if (end && end !== this.#kept) {
      if (end.version === this.#version) this.#compare(end);
      // Unless what is behind it was found to be in no chain, it was in one whose end was set back.
      else if (end.version < this.#version && this.#isLinked) this.#find('broken', this.#version);
    }
    this.isOpen = this.#isChained && !end;
  }

  /** Within an append events link to the hash alone: its positions are not known before. */
  #isBehindLast(link: string): boolean {
    return link === this.#hash || link === placed(this.#hash!, this.#position);
  }

  #compare({ version, hash, position }: ChainEnd): void {
    if (hash !== this.#hash) this.#find('broken', version);
    else if (position !== this.#position) this.#find('misplaced', version);
  }

  #checkRemoval(): void {
    if (this.#first > this.#recorded) this.#find('removed', this.#recorded);
  }

  #find(problem: IntegrityProblem, version: number): void {
    this.findings.push({ stream: this.#stream, version, problem });
  }
}
