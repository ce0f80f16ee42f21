import { isMigrationError } from '../../../src/core/errors.ts';
import type { EventQuery } from '../../../src/core/event-query.ts';
import type {
  AppendOutcome,
  EncodedEvent,
  EventAdapter,
  EventBatch,
  StoredCheckpoint,
  StoredEvent,
} from '../../../src/events/event-adapter.ts';
import type { AdapterCommand } from '../arbitraries/adapter-commands.ts';

/** A number that every adapter gives out as it likes: only which is greater can be compared. */
class Ranked {
  readonly kind: 'position' | 'revision';
  readonly value: number;

  constructor(kind: Ranked['kind'], value: number) {
    this.kind = kind;
    this.value = value;
  }
}

type Do<Name extends AdapterCommand['do']> = AdapterCommand & { readonly do: Name };

/**
 * What an adapter answers to commands, and how it stands afterwards, with positions and revisions by their rank. Two
 * adapters that keep the same promises give equal transcripts.
 *
 * @param scope - Begins the names of this run; comes after those of all runs before, in the order of code units.
 */
export async function transcriptOf(
  adapter: EventAdapter,
  commands: readonly AdapterCommand[],
  scope: string,
): Promise<unknown[]> {
  const session = new AdapterSession(adapter, scope);
  await session.begin();
  const transcript: unknown[] = [];
  for (const command of commands) transcript.push([command.do, await session.run(command)]);
  transcript.push(await session.end());
  return session.ranked(transcript) as unknown[];
}

class AdapterSession {
  readonly #adapter: EventAdapter;
  readonly #scope: string;
  readonly #seen = { position: new Set<number>(), revision: new Set<number>() };
  readonly #revisions = new Map<string, number[]>();
  #base = 0;

  constructor(adapter: EventAdapter, scope: string) {
    this.#adapter = adapter;
    this.#scope = scope;
  }

  /** The first position of the run is that of an event which is never removed. */
  async begin(): Promise<void> {
    const events = [this.#event({ id: -1, type: 'began', tags: [], data: '1' })];
    const outcome = await this.#adapter.append([{ stream: `${this.#scope}!`, expectedVersion: 'any', events }]);
    if (outcome.status !== 'appended') throw new Error(`the run can't begin: ${outcome.status}`);
    this.#base = outcome.batches[0]!.position;
  }

  run(command: AdapterCommand): Promise<unknown> {
    switch (command.do) {
      case 'append':
        return this.#append(command);
      case 'importEvents':
        return this.#importEvents(command);
      case 'importStream':
        return this.#importStream(command);
      case 'saveCheckpoint':
        return this.#saveCheckpoint(command);
      default:
        return this.#other(command);
    }
  }

  /** All there is in the end. */
  async end(): Promise<unknown> {
    return {
      events: this.#told(await this.#adapter.readAll({ after: this.#base, limit: 10_000 })),
      streams: await this.#adapter.listStreams({ after: this.#name(''), limit: 10_000 }),
      checkpoints: (await this.#adapter.listCheckpoints(this.#name(''))).map((each) => this.#checkpoint(each)),
      last: this.#position(await this.#adapter.lastPosition()),
    };
  }

  /** The transcript with each number replaced by its rank. */
  ranked(value: unknown): unknown {
    if (value instanceof Ranked) {
      const lower = [...this.#seen[value.kind]].filter((seen) => seen < value.value);
      return `${value.kind} ${value.kind === 'position' && value.value <= this.#base ? 'none' : lower.length}`;
    }
    if (Array.isArray(value)) return value.map((each) => this.ranked(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.ranked(each)]));
  }

  async #append({ batches, condition, within }: Do<'append'>): Promise<unknown> {
    let worked: unknown;
    const outcome = await this.#adapter
      .append(
        batches.map(
          ({ stream, expectedVersion, events }): EventBatch => ({
            stream: this.#name(stream),
            expectedVersion,
            events: events.map((each) => this.#event(each)),
          }),
        ),
        {
          condition: condition
            ? {
                failIfEventsMatch: condition.query as EventQuery,
                after: this.#after(condition.back),
              }
            : undefined,
          within: within
            ? (stored) => {
                worked = stored.map(({ stream, version, id }) => [stream, version, id]);
                if (within === 'throws') throw new Error('no');
              }
            : undefined,
        },
      )
      .catch(codeOf);
    return [typeof outcome === 'string' ? outcome : this.#outcome(outcome), worked];
  }

  async #importEvents({ events }: Do<'importEvents'>): Promise<unknown> {
    let position = Math.max(this.#base, ...this.#seen.position);
    const versions = new Map<string, number>();
    const imported: StoredEvent[] = [];
    for (const { stream: asked, gap, skipped, ...fields } of events) {
      const stream = this.#name(asked);
      const version = Math.max(1, (versions.get(stream) ?? (await this.#adapter.streamVersion(stream))) + 1 + skipped);
      versions.set(stream, version);
      // Far enough to be behind what was given to appends that came to nothing.
      position += gap * 1000;
      imported.push({ ...this.#event({ ...fields, data: '2' }), stream, version, position });
    }
    const outcome = await this.#adapter.importEvents(imported).then(() => 'imported', codeOf);
    return [outcome, outcome === 'imported' && this.#told(imported)];
  }

  async #importStream({ stream, version, truncated, deleted }: Do<'importStream'>): Promise<unknown> {
    const firstVersion = deleted ? version + 1 : Math.min(version, truncated) + 1;
    await this.#adapter.importStreams([{ stream: this.#name(stream), version, firstVersion, deleted }]);
    return undefined;
  }

  async #saveCheckpoint({ name: asked, position, expected, within }: Do<'saveCheckpoint'>): Promise<unknown> {
    const name = this.#name(asked);
    const known = this.#revisions.get(name) ?? [];
    const expectedRevision = expected === 'none' ? 0 : expected === 'last' ? known.at(-1) : known.at(-2);
    const work = () => {
      if (within === 'throws') throw new Error('no');
    };
    const revision = await this.#adapter
      .saveCheckpoint(
        name,
        { position, state: `{"at":${position}}` },
        { expectedRevision: expected ? expectedRevision : undefined, within: within ? work : undefined },
      )
      .catch(codeOf);
    if (typeof revision !== 'number') return revision;
    this.#revisions.set(name, [...known, revision]);
    return this.#revision(revision);
  }

  async #other(
    command: Exclude<AdapterCommand, Do<'append' | 'importEvents' | 'importStream' | 'saveCheckpoint'>>,
  ): Promise<unknown> {
    const adapter = this.#adapter;
    switch (command.do) {
      case 'readStream': {
        const { from, to, limit } = command;
        const direction = command.direction === 'forward' ? 'forward' : 'backward';
        return this.#told(await adapter.readStream({ stream: this.#name(command.stream), from, to, limit, direction }));
      }
      case 'readAll': {
        const { limit, query } = command;
        const page = { after: this.#after(command.back), limit };
        return this.#told(await adapter.readAll(query ? { ...page, query: query as EventQuery } : page));
      }
      case 'streamVersion':
        return adapter.streamVersion(this.#name(command.stream));
      case 'lastPosition':
        return this.#position(await adapter.lastPosition());
      case 'listStreams':
        return adapter.listStreams({ after: this.#name(command.after ?? ''), limit: command.limit });
      case 'truncate':
        return adapter.truncateStream(this.#name(command.stream), command.before);
      case 'delete':
        return { ...(await adapter.deleteStream(this.#name(command.stream), command.expectedVersion)) };
      case 'saveSnapshot': {
        const { name, version } = command;
        const fields = { schemaVersion: 1, eventId: `${version}`, data: '{}', encoding: 'json' };
        return adapter.saveSnapshot({ ...fields, stream: this.#name(command.stream), name, version });
      }
      case 'loadSnapshot':
        return { ...(await adapter.loadSnapshot(this.#name(command.stream), command.name)) };
      case 'loadCheckpoint': {
        const found = await adapter.loadCheckpoint(this.#name(command.name));
        return found && this.#checkpoint(found);
      }
      case 'listCheckpoints':
        return (await adapter.listCheckpoints(this.#name(command.prefix))).map((each) => this.#checkpoint(each));
      case 'deleteCheckpoint':
        return adapter.deleteCheckpoint(this.#name(command.name));
    }
  }

  #name(name: string): string {
    return `${this.#scope}/${name}`;
  }

  #event({ id, ...fields }: { id: number; type: string; tags: string[]; data: string }): EncodedEvent {
    return { ...fields, id: `${this.#scope} ${id}`, encoding: 'json', metadata: '{}', timestamp: id };
  }

  /** The position that was given out before so many others; that before the run if there were not as many. */
  #after(back: number): number {
    return [...this.#seen.position].sort((a, b) => b - a)[back] ?? this.#base;
  }

  #outcome(outcome: AppendOutcome): unknown {
    if (outcome.status === 'matched') return { status: 'matched', position: this.#position(outcome.position) };
    if (outcome.status === 'existing') {
      const inOrder = outcome.events.toSorted((a, b) => a.position - b.position);
      return { status: 'existing', events: this.#told(inOrder) };
    }
    if (outcome.status !== 'appended') return { ...outcome };
    return outcome.batches.map(({ version, position }) => [version, this.#position(position)]);
  }

  #told(events: readonly StoredEvent[]): unknown {
    return events.map((event) => ({ ...event, tags: [...event.tags], position: this.#position(event.position) }));
  }

  #checkpoint(stored: StoredCheckpoint): unknown {
    return { ...stored, revision: this.#revision(stored.revision) };
  }

  #position(value: number): Ranked {
    if (value > this.#base) this.#seen.position.add(value);
    return new Ranked('position', value);
  }

  #revision(value: number): Ranked {
    this.#seen.revision.add(value);
    return new Ranked('revision', value);
  }
}

function codeOf(error: unknown): string {
  return isMigrationError(error) ? error.code : String(error);
}
