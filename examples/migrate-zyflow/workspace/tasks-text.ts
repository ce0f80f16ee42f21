import type { Random } from './random.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Writes a tasks.md line by line, and sees to it that no title comes twice unless asked for. */
export class TasksText {
  readonly #lines: string[];
  readonly #random: Random;
  readonly #words: Vocabulary;
  readonly #tickedShare: number;
  readonly #titles = new Set<string>();

  constructor(heading: string, random: Random, words: Vocabulary, tickedShare: number) {
    this.#lines = [`# ${heading}`];
    this.#random = random;
    this.#words = words;
    this.#tickedShare = tickedShare;
  }

  heading(level: number, text: string): this {
    this.#lines.push('', `${'#'.repeat(level)} ${text}`, '');
    return this;
  }

  /** A checkbox; `before` stands between the box and the title, `indent` before the bullet. */
  task(options: { before?: string; indent?: string; bullet?: string; title?: string } = {}): this {
    const { before = '', indent = '', bullet = '-', title = this.#newTitle() } = options;
    const box = this.#random.chance(this.#tickedShare) ? this.#random.pick(['x', 'x', 'x', 'X']) : ' ';
    this.#lines.push(`${indent}${bullet} [${box}] ${before}${title}`);
    return this;
  }

  note(indent = '  '): this {
    this.#lines.push(`${indent}- ${this.#words.task(this.#random)}`);
    return this;
  }

  /** A code block that shows checkboxes, as documentation of the format does: none of them is a task. */
  fence(): this {
    const example = ['```markdown', '- [ ] 9.9 not a task', '- [x] 9.8 neither', '```'];
    this.#lines.push('', ...example, '');
    return this;
  }

  /** A title used before. */
  repeatedTitle(): string {
    return this.#random.pick([...this.#titles]);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #newTitle(): string {
    let title = this.#words.task(this.#random);
    for (let n = 2; this.#titles.has(title); n++) title = `${this.#words.task(this.#random)}, ${n}`;
    this.#titles.add(title);
    return title;
  }
}
