import { ConcurrencyConflictError } from '../../src/core/errors.ts';
import { meetsExpectedVersion } from '../../src/core/expected-version.ts';
import { deepFreeze } from '../../src/core/json-value.ts';
import type { NewEvent, RecordedEvent } from '../../src/events/recorded-event.ts';
import type { JournalStore } from '../../src/migration/journal-store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';

/** A place where a process may be killed: resolves, or never does. */
export type Boundary = () => Promise<void>;

/** What outlives a process: streams of events, shared by the stores that processes open on it. */
export class Disk {
  readonly streams = new Map<string, RecordedEvent[]>();

  /** A store as one process sees it; every append may be killed before and after it took effect. */
  open(boundary: Boundary = async () => {}): JournalStore {
    const { streams } = this;
    return {
      async append(stream: string, events: readonly NewEvent[], { expectedVersion }) {
        await boundary();
        const stored = streams.get(stream) ?? [];
        const actualVersion = stored.length;
        if (!meetsExpectedVersion(actualVersion, expectedVersion)) {
          throw new ConcurrencyConflictError({ aggregateId: stream, expectedVersion, actualVersion });
        }
        const recorded = events.map(({ type, data, timestamp = new Date(0) }, i) => {
          const version = actualVersion + i + 1;
          const json = deepFreeze(JSON.parse(JSON.stringify(data)));
          return {
            id: `${stream}-${version}`,
            stream,
            version,
            position: version,
            type,
            data: json,
            metadata: {},
            tags: [],
            timestamp,
          };
        });
        streams.set(stream, [...stored, ...recorded]);
        await boundary();
      },
      async *read(stream: string) {
        await boundary();
        yield* streams.get(stream) ?? [];
      },
    };
  }

  types(stream: string): string[] {
    return (this.streams.get(stream) ?? []).map((event) => event.type);
  }
}

/** One run of a program, which dies at the n-th boundary it comes to: nothing of it goes on after that, not even a `finally`. */
export class Process {
  readonly killed: Promise<'killed'>;
  #left: number;
  #kill!: (killed: 'killed') => void;

  constructor(boundariesToLive = Number.POSITIVE_INFINITY) {
    this.#left = boundariesToLive;
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
  }

  readonly boundary: Boundary = () => {
    if (this.#left-- > 0) return Promise.resolve();
    this.#kill('killed');
    return new Promise(() => {});
  };
}

/** Lets time pass until the promise is settled. */
export async function passTime<T>(clock: FakeClock, work: Promise<T>, stepMs = 10): Promise<T> {
  let settled = false;
  const end = () => {
    settled = true;
  };
  work.then(end, end);
  for (let i = 0; !settled; i++) {
    if (i > 5000) throw new Error('the work does not come to an end');
    await clock.advance(stepMs);
  }
  return work;
}
