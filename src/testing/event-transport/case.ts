import assert from 'node:assert/strict';
import type { EventTransport } from '../../events/event-transport.ts';

/** What a case works with. */
interface CaseContext {
  readonly transport: EventTransport;
  /** Another one on the same channel; the same one where the channel lives inside it. */
  readonly other: EventTransport;
  /** A text that no other case uses. */
  text(what: string): string;
  /** Listens, and leaves when the case is over. */
  listen(transport: EventTransport): Promise<Heard>;
}

export type DefineCase = (title: string, run: (context: CaseContext) => Promise<void>) => void;

/** What one listener heard of the texts of its case. */
export class Heard {
  readonly texts: string[] = [];
  readonly errors: unknown[] = [];
  /** Called with each text. */
  onText: (text: string) => void = () => {};
  readonly #transport: EventTransport;
  readonly #prefix: string;
  readonly #patienceMs: number;
  #end: () => Promise<void> = async () => {};
  #stir = () => {};

  /**
   * @param prefix - What the texts of the case begin with.
   * @param patienceMs - How long what is to be heard may take.
   */
  constructor(transport: EventTransport, prefix: string, patienceMs: number) {
    this.#transport = transport;
    this.#prefix = prefix;
    this.#patienceMs = patienceMs;
  }

  async begin(): Promise<this> {
    this.#end = await this.#transport.listen({
      hear: (text) => {
        if (!text.startsWith(this.#prefix)) return;
        this.texts.push(text);
        this.onText(text);
        this.#stir();
      },
      onError: (error) => {
        this.errors.push(error);
      },
    });
    return this;
  }

  end(): Promise<void> {
    return this.#end();
  }

  /** Resolves once this text was heard, and nothing was told of as an error. */
  async until(last: string): Promise<void> {
    await this.#waitUntil(() => this.texts.includes(last), last);
    assert.deepEqual(this.errors, []);
  }

  /** Resolves once so many texts were heard. */
  async count(count: number): Promise<void> {
    await this.#waitUntil(() => this.texts.length >= count, `${count} texts`);
    assert.deepEqual(this.errors, []);
  }

  async #waitUntil(met: () => boolean, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `heard ${this.texts.length} texts, but not ${what.slice(0, 80)}`;
      timer = setTimeout(() => reject(new assert.AssertionError({ message })), this.#patienceMs);
    });
    try {
      while (!met()) {
        const stirred = new Promise<void>((resolve) => {
          this.#stir = resolve;
        });
        await Promise.race([stirred, late]);
      }
    } finally {
      clearTimeout(timer);
      late.catch(() => {});
    }
  }
}
