import { StorageError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';

/** PostgreSQL takes payloads of less than 8000 bytes. */
const maxPayloadBytes = 7999;
/** A sender's id, which of its texts, which part of how many. */
const head = /^([0-9a-f-]{36}) (\d{1,15}) (\d{1,9})\/(\d{1,9}) /;
/** As long as a head can be. */
const maxHeadBytes = 36 + 1 + 15 + 1 + 9 + 1 + 9 + 1;

/**
 * A text as payloads of notifications, no two of which are ever alike: PostgreSQL drops equal ones of a transaction.
 *
 * @param number - Which of the sender's texts it is.
 */
export function splitText(text: string, sender: string, number: number): string[] {
  const bytes = Buffer.from(text);
  const chunks: string[] = [];
  for (let start = 0; start < bytes.length || chunks.length === 0; ) {
    let end = Math.min(bytes.length, start + maxPayloadBytes - maxHeadBytes);
    // Not within a character.
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
    chunks.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return chunks.map((chunk, index) => `${sender} ${number} ${index + 1}/${chunks.length} ${chunk}`);
}

interface Incomplete {
  readonly number: string;
  readonly count: number;
  readonly chunks: string[];
  readonly since: number;
  length: number;
}

/** What is kept of texts that are not complete. */
export interface JoinLimits {
  /** UTF-16 code units of all of them together. */
  readonly maxLength: number;
  readonly maxAgeMs: number;
}

/** Puts the parts of texts together again. What stays incomplete is given up, and told of. */
export class NotificationJoiner {
  readonly #limits: JoinLimits;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  /** By sender, the oldest first: a sender's parts come one after another. */
  readonly #incomplete = new Map<string, Incomplete>();
  #length = 0;

  constructor(limits: JoinLimits, clock: Clock, onError: (error: unknown) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** @returns The text, if this completes it. */
  take(payload: string): string | undefined {
    const found = head.exec(payload);
    if (!found) {
      this.#tell('is not of an event transport');
      return undefined;
    }
    const [prefix, sender, number, part, parts] = found as unknown as [string, string, string, string, string];
    const chunk = payload.slice(prefix.length);
    const count = Number(parts);
    this.#giveUpOld();
    const known = this.#incomplete.get(sender);
    const isNext = known ? known.number === number && known.count === count && Number(part) === known.chunks.length + 1 : part === '1';
    if (known && !isNext) this.#giveUp(sender, 'lacks parts');
    if (!isNext && part !== '1') {
      this.#tell(`is part ${part} of a text whose parts before were not heard`);
      return undefined;
    }
    if (count === 1) return chunk;
    const text = isNext && known ? known : this.#begin(sender, number, count);
    text.chunks.push(chunk);
    text.length += chunk.length;
    this.#length += chunk.length;
    if (text.chunks.length < count) {
      this.#giveUpLarge();
      return undefined;
    }
    this.#drop(sender);
    return text.chunks.join('');
  }

  #begin(sender: string, number: string, count: number): Incomplete {
    const text = { number, count, chunks: [], since: this.#clock.now(), length: 0 };
    this.#incomplete.set(sender, text);
    return text;
  }

  #giveUpOld(): void {
    const oldest = this.#clock.now() - this.#limits.maxAgeMs;
    for (const [sender, { since }] of this.#incomplete) {
      if (since >= oldest) return;
      this.#giveUp(sender, `was not complete within ${this.#limits.maxAgeMs} ms`);
    }
  }

  #giveUpLarge(): void {
    for (const sender of this.#incomplete.keys()) {
      if (this.#length <= this.#limits.maxLength) return;
      this.#giveUp(sender, `is larger, with others, than ${this.#limits.maxLength} characters`);
    }
  }

  #giveUp(sender: string, why: string): void {
    this.#drop(sender);
    this.#tell(`of ${sender} ${why}`);
  }

  #drop(sender: string): void {
    this.#length -= this.#incomplete.get(sender)!.length;
    this.#incomplete.delete(sender);
  }

  #tell(what: string): void {
    const advice = 'give the transport a channel of its own, and each of its processes the same maxTextLength';
    this.#onError(new StorageError(`read a notification: it ${what}`, advice));
  }
}
