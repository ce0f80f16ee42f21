import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Checkpoint, EventAdapter, SaveCheckpointOptions } from '../../src/events/event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { RecordedEvent } from '../../src/events/recorded-event.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** What becomes of a call to the storage: done, done late, failed before it took effect, or failed after. */
export type Fate = 'ok' | 'late' | 'before' | 'after';

/** One database, one time, and any number of processes. */
export class World {
  readonly memory = new MemoryEventAdapter();
  readonly clock = new FakeClock(1_000);
  /** What the next calls come to; all after them succeed. */
  fates: Fate[] = [];
  /** A table that is changed only in transactions. */
  table: RecordedEvent[] = [];
  readonly saves: SavedPartition[] = [];
  /** What was handled, in this order; events of a process that is dead do not count. */
  readonly handled: RecordedEvent[] = [];
  readonly broken: string[] = [];
  readonly poison = new Set<number>();

  start(): Process {
    return new Process(this);
  }

  /** Each event only after all before it in its stream: a gap is never overtaken, whatever is repeated. */
  note(event: RecordedEvent): void {
    const { stream, version } = event;
    const before = this.handled.some((each) => each.stream === stream && each.version === version - 1);
    if (version > 1 && !before) this.broken.push(`${stream} ${version} before ${version - 1}`);
    this.handled.push(event);
  }

  /** Resolves when so much time has gone by. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.schedule(() => resolve(), ms));
  }

  /** Lets time go on until the promise is settled. */
  async drive<T>(promise: Promise<T>, stepMs = 50): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    for (let step = 0; !settled && step < 2_000; step++) await this.clock.advance(stepMs);
    if (!settled) throw new Error('not settled after a long time');
    return promise;
  }

  /** Every event that is stored and was never handled. */
  async missed(handled: readonly RecordedEvent[] = this.handled): Promise<string[]> {
    const ids = new Set(handled.map(({ id }) => id));
    const all = await this.memory.readAll({ after: 0, limit: 100_000 });
    return all.filter(({ id }) => !ids.has(id)).map(({ stream, version }) => `${stream} ${version}`);
  }
}

interface SavedPartition {
  readonly name: string;
  readonly process: Process;
  readonly owner: string | undefined;
  readonly position: number;
  /** Whether the one who had it before was alive and had not given it back. */
  readonly stolen: boolean;
}

/** A process of its own: can be killed, and has its own idea of the time. */
export class Process {
  readonly store: EventStore;
  /** How far its clock is ahead. */
  aheadMs = 0;
  alive = true;
  /** How long each of its calls to the storage takes. */
  delayedMs = 0;
  /** Told of each checkpoint before it is saved: dies there if it says so. */
  diesAt: (name: string) => boolean = () => false;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    const clock: Clock = {
      now: () => world.clock.now() + this.aheadMs,
      schedule: (run, delayMs) => world.clock.schedule(run, delayMs),
    };
    this.store = new EventStore({ adapter: this.#adapter(), clock, random: () => 0.5 });
  }

  /** Ends at once: nothing it still does has any effect. */
  kill(): void {
    this.alive = false;
    void this.store.close();
  }

  /** For a handler: what a dead process does is not seen; a poisonous event fails. */
  handle = async (event: RecordedEvent): Promise<void> => {
    if (!this.alive) throw new Error('dead');
    if (this.#world.poison.has(event.position)) throw new Error(`poison at ${event.position}`);
    this.#world.note(event);
  };

  #adapter(): EventAdapter {
    const { memory } = this.#world;
    const call = async <T>(work: () => Promise<T>): Promise<T> => {
      if (!this.alive) throw new Error('dead');
      const fate = this.#world.fates.shift() ?? 'ok';
      if (this.delayedMs > 0) await this.#world.pass(this.delayedMs);
      if (fate === 'late') await this.#world.pass(150);
      if (fate === 'before') throw new Error('failed before');
      const result = await work();
      if (!this.alive) throw new Error('dead');
      if (fate === 'after') throw new Error('failed after');
      return result;
    };
    const flaky: Partial<EventAdapter> = {
      readAll: (page) => call(() => memory.readAll(page)),
      lastPosition: () => call(() => memory.lastPosition()),
      loadCheckpoint: (name) => call(() => memory.loadCheckpoint(name)),
      listCheckpoints: (prefix) => call(() => memory.listCheckpoints(prefix)),
      deleteCheckpoint: (name) => call(() => memory.deleteCheckpoint(name)),
      saveCheckpoint: (name, checkpoint, options) => call(() => this.#save(name, checkpoint, options)),
      close: async () => {},
    };
    return Object.assign(Object.create(memory) as EventAdapter, bound(memory), flaky);
  }

  /** Gives work inside of it a table of which nothing stays if the work fails. */
  async #save(name: string, checkpoint: Checkpoint, options: SaveCheckpointOptions = {}): Promise<number | undefined> {
    const world = this.#world;
    if (this.diesAt(name)) this.kill();
    if (!this.alive) throw new Error('dead');
    const { within, ...rest } = options;
    const transaction = async () => {
      const draft = [...world.table];
      await within?.(draft);
      if (!this.alive) throw new Error('dead');
      world.table = draft;
    };
    const saved = await world.memory.saveCheckpoint(name, checkpoint, within ? { ...rest, within: transaction } : rest);
    if (saved !== undefined && name.includes('/partition/')) {
      const { owner } = JSON.parse(checkpoint.state) as { owner?: string };
      const before = world.saves.findLast((save) => save.name === name);
      const stolen = before?.owner !== undefined && before.process !== this && before.process.alive;
      world.saves.push({ name, process: this, owner, position: checkpoint.position, stolen });
    }
    return saved;
  }
}

/** The methods of the adapter, which use private fields of it. */
function bound(memory: MemoryEventAdapter): Partial<EventAdapter> {
  return {
    init: () => memory.init(),
    append: (batches, options) => memory.append(batches, options),
    readStream: (page) => memory.readStream(page),
    deleteStream: (stream, expectedVersion) => memory.deleteStream(stream, expectedVersion),
    streamVersion: (stream) => memory.streamVersion(stream),
    listen: (wake) => memory.listen(wake),
  };
}
