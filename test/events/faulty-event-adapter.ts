import type fc from 'fast-check';
import { MemoryEventAdapter } from '../../src/adapters/memory/memory-event-adapter.ts';
import { AppendInDoubtError } from '../../src/core/errors.ts';
import type {
  AdapterAppendOptions,
  AllPage,
  AppendOutcome,
  EventBatch,
  StoredEvent,
  StreamPage,
} from '../../src/events/event-adapter.ts';

/** What happens to one append whose answer is lost: it is not stored, is stored, or is stored some time later. */
export type Fault = 'none' | 'not stored' | 'stored' | 'stored later';

/** A storage that answers when the scheduler lets it, and loses answers. */
export class FaultyEventAdapter extends MemoryEventAdapter {
  /** Taken from the front, one an append. */
  readonly faults: Fault[];
  #pause: () => Promise<void>;

  constructor(faults: readonly Fault[], scheduler?: fc.Scheduler) {
    super();
    this.faults = [...faults];
    this.#pause = async () => scheduler?.schedule(Promise.resolve(), 'storage');
  }

  /** The same storage, from now on without pauses and faults. */
  bare(): this {
    this.faults.length = 0;
    this.#pause = async () => {};
    return this;
  }

  override async append(batches: readonly EventBatch[], options: AdapterAppendOptions = {}): Promise<AppendOutcome> {
    const fault = this.faults.shift() ?? 'none';
    await this.#pause();
    if (fault === 'none' || fault === 'stored') {
      const outcome = await super.append(batches, options);
      await this.#pause();
      if (fault === 'none') return outcome;
    }
    if (fault === 'stored later') void this.#pause().then(() => super.append(batches, options));
    throw new AppendInDoubtError({ eventIds: batches.flatMap(({ events }) => events.map(({ id }) => id)) });
  }

  override async readStream(page: StreamPage): Promise<readonly StoredEvent[]> {
    await this.#pause();
    const events = await super.readStream(page);
    await this.#pause();
    return events;
  }

  override async readAll(page: AllPage): Promise<readonly StoredEvent[]> {
    await this.#pause();
    const events = await super.readAll(page);
    await this.#pause();
    return events;
  }
}
