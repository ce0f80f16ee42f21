import type { StoredEvent } from '../../events/event-adapter.ts';

/** An event, and the one before it in its stream where no list holds them. */
export interface ChainedEvent extends StoredEvent {
  previous: ChainedEvent | undefined;
}

/**
 * A stream and its events: chained from the last one back until somebody asks for them, in a list from then on. Most
 * streams are short, and a list for each takes more room than a link for each event.
 */
export class MemoryStream {
  readonly name: string;
  /** The version of the last event, whether that is still there or not; 0 if there never was one. */
  version: number;
  deleted = false;
  /** The version of the first event that is there, or of the next one. */
  #first: number;
  #last: ChainedEvent | undefined;
  #list: ChainedEvent[] | undefined;

  constructor(name: string, version: number) {
    this.name = name;
    this.version = version;
    this.#first = version + 1;
  }

  get firstVersion(): number {
    return this.#first;
  }

  push(event: ChainedEvent): void {
    this.version = event.version;
    if (this.#list) {
      this.#list.push(event);
    } else {
      event.previous = this.#last;
      this.#last = event;
    }
  }

  /** The events, which have no gap. */
  list(): readonly StoredEvent[] {
    return this.#events();
  }

  /** Removes and gives the events below a version. */
  truncate(before: number): StoredEvent[] {
    const removed = this.#events().splice(0, Math.max(0, before - this.#first));
    this.#first += removed.length;
    return removed;
  }

  /** Goes on behind a version; there must be no events. */
  skipTo(version: number): void {
    this.version = version;
    this.#first = version + 1;
  }

  #events(): ChainedEvent[] {
    if (this.#list) return this.#list;
    const events: ChainedEvent[] = [];
    let event = this.#last;
    while (event) {
      events.push(event);
      const { previous } = event;
      event.previous = undefined;
      event = previous;
    }
    this.#last = undefined;
    this.#list = events.reverse();
    return events;
  }
}
