import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom } from '../workspace/random.ts';
import type { ChangeRef, RuntimeFields, SeenTask, TaskSystem } from '../workspace/task-system.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { editTask, reword, type SaveMode } from './edit-file.ts';
import { type PooledTask, TaskPool } from './task-pool.ts';
import { firstTitle } from './title-revision.ts';
import type { WriteAttempt, WriteLedger, WrittenField } from './write-ledger.ts';

export type LoadTarget = Pick<TaskSystem, 'change' | 'toggle' | 'update'>;

export type OperationKind = 'read' | 'update' | 'toggle' | 'reword' | 'tick';

/** One thing that somebody did. Files are saved directly; the rest goes through the target. */
export interface OperationRecord {
  readonly kind: OperationKind;
  /** Ms since the load began. */
  readonly atMs: number;
  readonly durationMs: number;
  /** The target's error; absent where it answered. */
  readonly error?: unknown;
}

export interface LoadOptions {
  readonly workspace: Workspace;
  readonly target: LoadTarget;
  /** Learns of every write. */
  readonly ledger: WriteLedger;
  readonly seed: number;
  /** How many people work at the same time. Default 4. */
  readonly clients?: number;
  /** How long each of them pauses after each operation, in ms, at least and at most. Default 4 to 12. */
  readonly thinkMs?: readonly [number, number];
  /** How often each kind comes, by weight. */
  readonly mix?: Readonly<Record<OperationKind, number>>;
  /** The load ends by itself after so many. Default 100,000. */
  readonly maxOperations?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onOperation?: (record: OperationRecord) => void;
  /** Told of every task that was reworded in a file, once it is saved. */
  readonly onReworded?: (change: ChangeRef, title: string) => void;
}

export interface LoadResult {
  readonly records: readonly OperationRecord[];
  /** Writes that could not even be tried, because the target does not show the task. */
  readonly skipped: number;
  readonly durationMs: number;
}

const usualMix = { read: 60, update: 16, toggle: 10, reword: 7, tick: 7 };

/**
 * People at work, until stopped: they read, save files (in place and atomically), click and move tasks, all at once.
 *
 * What they do is decided by the seed; how it interleaves is not, as in life.
 */
export class LoadGenerator {
  readonly #options: LoadOptions;
  readonly #random: Random;
  readonly #stopping = new AbortController();
  readonly #records: OperationRecord[] = [];
  readonly #beganAt = performance.now();
  #kinds: readonly OperationKind[];
  #done: Promise<void> = Promise.resolve();
  #started = 0;
  #skipped = 0;

  private constructor(options: LoadOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#kinds = kindsOf(options.mix ?? usualMix);
  }

  static async start(options: LoadOptions): Promise<LoadGenerator> {
    const random = seededRandom(options.seed);
    const pool = await TaskPool.of(options.workspace, options.target, random.fork());
    const load = new LoadGenerator(options, random);
    const clients = Array.from({ length: options.clients ?? 4 }, () => load.#work(pool));
    load.#done = Promise.all(clients).then(() => {});
    return load;
  }

  /** From now on each kind comes as often as this says. */
  turnTo(mix: LoadOptions['mix']): void {
    this.#kinds = kindsOf(mix ?? usualMix);
  }

  /** Resolves when the load has ended, by itself or otherwise. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Lets what is under way come to its end. */
  async stop(): Promise<LoadResult> {
    this.#stopping.abort();
    await this.#done;
    return { records: this.#records, skipped: this.#skipped, durationMs: performance.now() - this.#beganAt };
  }

  async #work(pool: TaskPool): Promise<void> {
    const { maxOperations = 100_000, thinkMs = [4, 12], signal } = this.#options;
    const stopped = signal ? AbortSignal.any([signal, this.#stopping.signal]) : this.#stopping.signal;
    while (!stopped.aborted && this.#started++ < maxOperations) {
      await this.#operate(this.#random.pick(this.#kinds), pool);
      await sleep(this.#random.integer(...(thinkMs as [number, number])));
    }
  }

  async #operate(kind: OperationKind, pool: TaskPool): Promise<void> {
    const began = performance.now();
    let failure: { error?: unknown } = {};
    let done: unknown = true;
    try {
      if (kind === 'read') await this.#options.target.change(this.#random.pick(pool.changes));
      else if (kind === 'update') done = await this.#update(pool);
      else if (kind === 'toggle') done = await pool.with('completed', 'click', (task) => this.#toggle(task));
      else if (kind === 'reword') done = await pool.with('title', 'anyone', (task) => this.#reword(task));
      else done = await pool.with('completed', 'file', (task) => this.#tick(task));
    } catch (error) {
      failure = { error };
    }
    if (done === null) {
      this.#skipped++;
      return;
    }
    const record = { kind, atMs: began - this.#beganAt, durationMs: performance.now() - began, ...failure };
    this.#records.push(record);
    this.#options.onOperation?.(record);
  }

  #update(pool: TaskPool): Promise<true | null> {
    const [field, value] = this.#random.pick([
      ['status', this.#random.pick(['in-progress', 'review'])],
      ['assignee', `person ${this.#random.integer(1, 1e6)}`],
      ['priority', this.#random.pick(['low', 'medium', 'high'])],
      ['description', `agreed ${this.#random.integer(1, 1e6)}`],
    ] as const) as readonly [keyof RuntimeFields & WrittenField, string];
    return pool.with(field, field === 'status' ? 'board' : 'anyone', (task) =>
      this.#throughTarget(task, async ({ id }) => {
        const attempt = this.#options.ledger.begin(task.change, task.title, field, value);
        await settle(attempt, async () => {
          await this.#options.target.update(task.change, id, { [field]: value });
          return value;
        });
      }),
    );
  }

  #toggle(task: PooledTask): Promise<true | null> {
    const { ledger, target } = this.#options;
    return this.#throughTarget(task, async ({ id, status }) => {
      const attempt = ledger.begin(task.change, task.title, 'completed', String(status !== 'done'));
      await settle(attempt, async () => String(await target.toggle(task.change, id)));
    });
  }

  /** Finds the task as people do, on the screen, and writes; null if it is not shown. */
  async #throughTarget({ change, title }: PooledTask, write: (shown: SeenTask) => Promise<void>): Promise<true | null> {
    const { tasks } = await this.#options.target.change(change);
    const shown = tasks.find((task) => firstTitle(task.title) === title);
    if (!shown) return null;
    await write(shown);
    return true;
  }

  #reword({ change, path, title }: PooledTask): true | null {
    const written = reword(path, title, this.#saveMode());
    if (written === null) return null;
    this.#options.ledger.begin(change, title, 'title', written).acknowledged();
    this.#options.onReworded?.(change, written);
    return true;
  }

  #tick({ change, path, title }: PooledTask): true | null {
    const completed = this.#random.chance(0.5);
    if (!editTask(path, title, (current) => ({ title: current, completed }), this.#saveMode())) return null;
    this.#options.ledger.begin(change, title, 'completed', String(completed)).acknowledged();
    return true;
  }

  #saveMode(): SaveMode {
    return this.#random.pick(['atomic', 'in-place']);
  }
}

const kindsOf = (mix: Readonly<Record<OperationKind, number>>) =>
  Object.entries(mix).flatMap(([kind, weight]) => new Array<OperationKind>(weight).fill(kind as OperationKind));

async function settle(attempt: WriteAttempt, write: () => Promise<string>): Promise<void> {
  try {
    attempt.acknowledged(await write());
  } catch (error) {
    attempt.failed();
    throw error;
  }
}
