import type { SyncCheckpointStore } from '../../src/sync/sync-checkpoint-store.ts';
import type { SyncSource } from '../../src/sync/sync-source.ts';
import type { SyncTarget } from '../../src/sync/sync-target.ts';

/** A record of the systems below; `id` null: it can not tell its key. */
export interface Row {
  readonly id: string | null;
  readonly title: string;
}

/** Counts every call that crosses a border and throws at the chosen one, before or after it has taken effect. */
export class Crashes {
  #calls = 0;
  readonly #at: number;
  readonly #phase: 'before' | 'after';
  /** Called at each border, with its number. */
  onCall: (call: number) => void = () => {};

  constructor(at = Number.POSITIVE_INFINITY, phase: 'before' | 'after' = 'before') {
    this.#at = at;
    this.#phase = phase;
  }

  async around<T>(effect: () => T | Promise<T>): Promise<T> {
    const call = this.#calls++;
    this.onCall(call);
    if (call === this.#at && this.#phase === 'before') throw new Error(`crash before call ${call}`);
    const result = await effect();
    if (call === this.#at) throw new Error(`crash after call ${call}`);
    return result;
  }
}

/** A source over an array that can change meanwhile. */
export function sourceOf(rows: Row[], crashes: Crashes, options: { resumes?: boolean } = {}): SyncSource<Row> {
  return {
    async *extract({ after }) {
      const from = options.resumes && after !== undefined ? rows.findLastIndex((row) => row.id === after) + 1 : 0;
      for (let index = from; index < rows.length; index++) {
        const row = rows[index]!;
        yield await crashes.around(() => row);
      }
    },
    keyOf(row) {
      if (row.id === null) throw new Error('no id');
      return row.id;
    },
  };
}

/** A target that remembers each write it was asked for. */
export class MapTarget implements SyncTarget<Row> {
  readonly rows = new Map<string, Row>();
  readonly writes: Row[] = [];
  crashes: Crashes;
  /** What is stored for a row; null: it is lost. */
  store: (row: Row) => Row | null = (row) => row;

  constructor(crashes: Crashes) {
    this.crashes = crashes;
  }

  async write(rows: readonly Row[]): Promise<void> {
    // Row by row, so that a crash leaves half a batch.
    for (const row of rows) {
      await this.crashes.around(() => {
        this.writes.push(row);
        const stored = this.store(row);
        if (stored) this.rows.set(row.id!, stored);
      });
    }
  }

  async read(keys: readonly string[]): Promise<(Row | null)[]> {
    return this.crashes.around(() => keys.map((key) => this.rows.get(key) ?? null));
  }

  async *keys(): AsyncIterable<string> {
    for (const key of this.rows.keys()) yield this.crashes.around(() => key);
  }
}

/** A checkpoint that outlives the crashes. */
export class CrashingCheckpoint implements SyncCheckpointStore {
  after: string | null = null;
  crashes: Crashes;

  constructor(crashes: Crashes) {
    this.crashes = crashes;
  }

  load(): Promise<string | null> {
    return this.crashes.around(() => this.after);
  }

  save(after: string | null): Promise<void> {
    return this.crashes.around(() => {
      this.after = after;
    });
  }
}
