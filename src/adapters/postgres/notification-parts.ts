import type { Clock } from '../../core/clock.ts';
import { StorageError } from '../../core/errors.ts';

/** PostgreSQL takes payloads of less than 8000 bytes. */
const maxPayloadBytes = 7999;
/** A sender's id, which of its texts, which part of how many. */
const head = /^([0-9a-f-]{36}) (\d{1,15}) (\d{1,9})\/(\d{1,9}) /;
/** As long as a head can be. */
const maxHeadBytes = 36 + 1 + 15 + 1 + 9 + 1 + 9 + 1;

/**
 * A text as payloads of notifications. No two are ever alike: PostgreSQL drops equal ones of a transaction.
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

/** A text of which some parts were heard. */
interface Partial {
  readonly number: string;
  readonly count: number;
  readonly since: number;
  /** Nothing once it was given up. */
  chunks: string[] | undefined;
  bytes: number;
}

/** What is kept of texts that are not complete. */
export interface JoinLimits {
  /** UTF-8 bytes of all of them together. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** Puts the parts of texts together again. A text that lacks some is given up, and told of once. */
export class PartJoiner {
  readonly #limits: JoinLimits;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  /** By sender, that begun first first: the parts of a sender's texts come one after another. */
  readonly #partial = new Map<string, Partial>();
  #bytes = 0;

  constructor(limits: JoinLimits, clock: Clock, onError: (error: unknown) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** @returns The text, if this completes it. */
  take(payload: string): string | undefined {
    const found = head.exec(payload);
    if (!found) {
      this.#tell('it is not of an event transport');
      return undefined;
    }
    const [prefix, sender, number] = found as unknown as [string, string, string];
    const [part, count] = [Number(found[3]), Number(found[4])];
    this.#giveUpOld();
    const text = this.#textOf(sender, number, count);
    if (text.chunks && (part !== text.chunks.length + 1 || count !== text.count)) {
      this.#giveUp(text, `some before part ${part} of ${count} were missed`);
    }
    if (text.chunks) {
      const chunk = payload.slice(prefix.length);
      const bytes = Buffer.byteLength(chunk);
      text.chunks.push(chunk);
      text.bytes += bytes;
      this.#bytes += bytes;
      this.#giveUpLarge();
    }
    if (part < count) return undefined;
    const complete = text.chunks?.join('');
    this.#forget(sender, text);
    return complete;
  }

  #textOf(sender: string, number: string, count: number): Partial {
    const known = this.#partial.get(sender);
    if (known?.number === number) return known;
    if (known) {
      this.#giveUp(known, 'the last ones were missed');
      this.#forget(sender, known);
    }
    const text: Partial = { number, count, since: this.#clock.now(), chunks: [], bytes: 0 };
    this.#partial.set(sender, text);
    return text;
  }

  #giveUpOld(): void {
    const oldest = this.#clock.now() - this.#limits.maxAgeMs;
    for (const [sender, text] of this.#partial) {
      if (text.since >= oldest) return;
      this.#giveUp(text, `the last ones did not come within ${this.#limits.maxAgeMs} ms`);
      this.#forget(sender, text);
    }
  }

  #giveUpLarge(): void {
    for (const text of this.#partial.values()) {
      if (this.#bytes <= this.#limits.maxBytes) return;
      this.#giveUp(text, `there are more than ${this.#limits.maxBytes} bytes of incomplete texts`);
    }
  }

  #giveUp(text: Partial, why: string): void {
    if (!text.chunks) return;
    this.#bytes -= text.bytes;
    text.chunks = undefined;
    this.#tell(`of the parts of a text ${why}`);
  }

  #forget(sender: string, text: Partial): void {
    if (text.chunks) this.#bytes -= text.bytes;
    this.#partial.delete(sender);
  }

  #tell(what: string): void {
    const advice = 'give the transport a channel of its own, and the same maxTextBytes in all processes';
    this.#onError(new StorageError(`read a notification: ${what}`, advice));
  }
}
