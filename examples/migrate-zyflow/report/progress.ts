import { truncate } from './display-width.ts';

/** The part of a stream that progress needs; met by process.stdout and process.stderr. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const barWidth = 24;
const clearLine = '\r\u001B[2K';

/**
 * Shows how far a run is: a bar for the step under way on a terminal, lines in a pipe or a log.
 *
 * In a pipe a step says its begin, every quarter and its end, whatever the number of updates.
 */
export class Progress {
  readonly #stream: ProgressStream;
  #step: { readonly name: string; readonly startedAt: number; percent: number; detail: string } | null = null;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** Begins a step; the one before must have ended. */
  begin(name: string): void {
    this.#step = { name, startedAt: performance.now(), percent: 0, detail: '' };
    if (this.#stream.isTTY) this.#draw();
    else this.#line(`${name} ...`);
  }

  /** @param percent - Of the step, 0-100. */
  update(percent: number, detail = ''): void {
    if (!this.#step) return;
    const quarter = (value: number) => Math.floor(Math.min(value, 99) / 25) * 25;
    const reached = quarter(percent) > quarter(this.#step.percent);
    Object.assign(this.#step, { percent, detail });
    if (this.#stream.isTTY) this.#draw();
    else if (reached) this.#line(`  ${quarter(percent)} %${detail && `  ${detail}`}`);
  }

  /** A line that stays. */
  note(text: string): void {
    this.#line(`  ${text}`);
    if (this.#stream.isTTY && this.#step) this.#draw();
  }

  /** Ends the step; its line stays. */
  end(result = 'done', ok = true): void {
    if (!this.#step) return;
    const seconds = ((performance.now() - this.#step.startedAt) / 1000).toFixed(1);
    const { name } = this.#step;
    this.#step = null;
    this.#line(
      this.#stream.isTTY ? `${ok ? '✔' : '✘'} ${name}: ${result} (${seconds} s)` : `  ${result} (${seconds} s)`,
    );
  }

  #draw(): void {
    const { name, percent, detail } = this.#step!;
    const filled = Math.round((Math.min(100, Math.max(0, percent)) / 100) * barWidth);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
    const text = `${bar} ${String(Math.floor(percent)).padStart(3)} %  ${name}${detail && `: ${detail}`}`;
    this.#stream.write(`${clearLine}${truncate(text, (this.#stream.columns ?? 80) - 1)}`);
  }

  #line(text: string): void {
    this.#stream.write(`${this.#stream.isTTY ? clearLine : ''}${text}\n`);
  }
}
