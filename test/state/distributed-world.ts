import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { eventStoreParticipant } from '../../src/state/distributed/event-store-participant.ts';
import { mvccParticipant } from '../../src/state/distributed/mvcc-participant.ts';
import type { SagaParticipant, TwoPhaseParticipant } from '../../src/state/distributed/participant.ts';
import { TransactionCoordinator } from '../../src/state/distributed/transaction-coordinator.ts';
import type { NewLogEntry, TransactionLog } from '../../src/state/distributed/transaction-log.ts';
import { MemoryVersionStore } from '../../src/state/memory-version-store.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import type { StateTransaction } from '../../src/state/state-transaction.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

/** How a call of the log or of a participant comes about: where a test lets processes die, calls fail or wait. */
export type Around = <T>(what: string, effect: () => Promise<T>) => Promise<T>;

const undisturbed: Around = (_, effect) => effect();

/** A service that remembers what it has prepared, and which transactions it has heard the end of. */
class Seats implements TwoPhaseParticipant<string> {
  readonly held = new Map<string, string>();
  readonly taken = new Set<string>();
  readonly #ended = new Set<string>();
  full = false;

  async prepare(id: string, key: string): Promise<void> {
    if (this.full) throw new Error('no seat is left');
    if (!this.#ended.has(id)) this.held.set(id, key);
  }

  async commit(id: string): Promise<void> {
    const key = this.held.get(id);
    if (key !== undefined) this.taken.add(key);
    this.#end(id);
  }

  async rollback(id: string): Promise<void> {
    this.#end(id);
  }

  #end(id: string): void {
    this.held.delete(id);
    this.#ended.add(id);
  }
}

/** A service that can only do and undo. */
class Service implements SagaParticipant<{ readonly key: string }> {
  readonly done = new Set<string>();
  readonly #undone = new Set<string>();
  /** Does its work, and says that it failed. */
  broken = false;

  async execute(id: string, { key }: { readonly key: string }): Promise<void> {
    if (!this.#undone.has(id)) this.done.add(key);
    if (this.broken) throw new Error('the service is broken');
  }

  async compensate(id: string, { key }: { readonly key: string }): Promise<void> {
    this.#undone.add(id);
    this.done.delete(key);
  }
}

export const participantNames = ['accounts', 'ledger', 'seats', 'card', 'mail', 'room'] as const;
export type ParticipantName = (typeof participantNames)[number];

/** All that outlives a process: stores, services, and the log. */
export class World {
  readonly clock = new FakeClock(1_000);
  readonly versions = new MemoryVersionStore();
  readonly seats = new Seats();
  readonly services = { card: new Service(), mail: new Service(), room: new Service() };
  readonly events = new EventStore({ adapter: new MemoryEventAdapter(), clock: this.clock });
  readonly #logStore = new EventStore({ adapter: new MemoryEventAdapter(), clock: this.clock });
  readonly log: TransactionLog;

  constructor(mutate: (log: TransactionLog) => TransactionLog = (log) => log) {
    this.log = mutate(this.#logStore);
  }

  /** A coordinator of a process whose calls come about like this. */
  coordinator(around: Around = undisturbed) {
    const { versions, events, seats, services, clock, log } = this;
    return new TransactionCoordinator({
      log: {
        append: (...args) => around('log.append', () => log.append(...args)),
        read: (...args) => whole(around('log.read', () => collect(log.read(...args)))),
        readAll: (...args) => whole(around('log.readAll', () => collect(log.readAll(...args)))),
      },
      participants: {
        accounts: wrap('accounts', mvccParticipant(new MVCCController<string>({ store: versions, clock })), around),
        ledger: wrap('ledger', eventStoreParticipant(events, { clock }), around),
        seats: wrap<TwoPhaseParticipant<string>>('seats', seats, around),
        card: wrap<SagaParticipant<{ key: string }>>('card', services.card, around),
        mail: wrap<SagaParticipant<{ key: string }>>('mail', services.mail, around),
        room: wrap<SagaParticipant<{ key: string }>>('room', services.room, around),
      },
      clock,
      random: () => 0.5,
      retry: { maxAttempts: 2 },
    });
  }

  /**
   * What each participant is to do for a transaction that is known by this key.
   *
   * @param alsoWrites - An aggregate in which it may meet others.
   */
  branches(key: string, names: readonly ParticipantName[], alsoWrites?: string) {
    const all = {
      accounts: async (transaction: StateTransaction<string>) => {
        if (await transaction.read(key)) throw new Error('it is there already');
        await transaction.write(key, key);
        if (alsoWrites !== undefined) await transaction.write(alsoWrites, key);
      },
      ledger: [{ stream: key, events: [{ type: 'booked', data: key }] }],
      seats: key,
      card: { key },
      mail: { key },
      room: { key },
    };
    return Object.fromEntries(names.map((name) => [name, all[name]])) as Partial<typeof all>;
  }

  /** How often the work of the key is seen at each participant. */
  async effects(key: string): Promise<Record<ParticipantName, number>> {
    const count = (set: ReadonlySet<string>) => (set.has(key) ? 1 : 0);
    return {
      accounts: await this.versions.latestVersion(key),
      ledger: await this.events.streamVersion(key),
      seats: count(this.seats.taken),
      card: count(this.services.card.done),
      mail: count(this.services.mail.done),
      room: count(this.services.room.done),
    };
  }

  /** What became of the key: all of its participants show it once, or none. */
  async outcome(key: string, names: readonly ParticipantName[]): Promise<'all' | 'nothing' | string> {
    const effects = Object.entries(await this.effects(key)).filter(([name]) => names.includes(name as ParticipantName));
    if (effects.every(([, times]) => times === 1)) return 'all';
    if (effects.every(([, times]) => times === 0)) return 'nothing';
    return `mixed: ${JSON.stringify(Object.fromEntries(effects))}`;
  }

  /** How many transactions are prepared somewhere. */
  async prepared(): Promise<number> {
    return (await this.versions.prepared()).length + this.seats.held.size;
  }
}

/** A log that lies: entries of one type are written only with the next of their transaction. */
export const writesLate =
  (type: string) =>
  (log: TransactionLog): TransactionLog => {
    const late = new Map<string, { entries: readonly NewLogEntry[]; expectedVersion: number | 'any' }>();
    return {
      read: (...args) => log.read(...args),
      readAll: (...args) => log.readAll(...args),
      async append(stream, entries, { expectedVersion }) {
        const before = late.get(stream);
        late.delete(stream);
        if (entries[0]?.type === type) {
          if (before) await log.append(stream, before.entries, { expectedVersion: before.expectedVersion });
          late.set(stream, { entries, expectedVersion });
          return;
        }
        const all = [...(before?.entries ?? []), ...entries];
        await log.append(stream, all, { expectedVersion: before?.expectedVersion ?? expectedVersion });
      },
    };
  };

/** A log that lies: it keeps nothing of what was prepared. */
export const forgetsPrepared = (log: TransactionLog): TransactionLog => ({
  read: (...args) => log.read(...args),
  readAll: (...args) => log.readAll(...args),
  append(stream, entries, options) {
    const kept = entries.map((entry) =>
      'prepared' in entry.data ? { ...entry, data: { ...entry.data, prepared: {} } } : entry,
    );
    return log.append(stream, kept, options);
  },
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* whole<T>(items: Promise<readonly T[]>): AsyncGenerator<T> {
  yield* await items;
}

/** Every method of a participant, called by way of `around`. */
function wrap<P extends object>(name: string, participant: P, around: Around): P {
  return new Proxy(participant, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) =>
        around(`${name}.${String(key)}`, async () => (await Reflect.apply(method, target, args)) as unknown);
    },
  });
}
