import { mayPack, minPackedLength, packedText } from '../../core/version-packing.ts';
import type { Int8 } from './pg-event-rows.ts';

type Run = <R>(text: string, values: unknown[]) => Promise<readonly R[]>;

/** Long versions of an aggregate that are written before those that were replaced become deltas. */
const packAfter = 16;

/** Texts that are read at a time. */
const pageSize = 32;

/** Aggregates to remember; what is forgotten is left to the next vacuum. */
const maxRemembered = 10_000;

/**
 * Keeps what was replaced as deltas, where those are smaller by far. A version never changes, and so neither does its
 * delta: it makes no difference who packs it, and whether others do so at the same time.
 */
export class PgVersionPacker {
  readonly #versions: string;
  readonly #run: Run;
  /** Of each aggregate how many long versions were written since it was packed, and up to where that is done. */
  readonly #written = new Map<string, { count: number; done: number }>();
  readonly #due = new Set<string>();

  constructor(schema: string, run: Run) {
    this.#versions = `${schema}.state_versions`;
    this.#run = run;
  }

  /** Notes a version that was written. */
  wrote(aggregateId: string, text: string | null): void {
    if (text === null || text.length < minPackedLength) return;
    const known = this.#written.get(aggregateId);
    if (!known && this.#written.size >= maxRemembered) this.#written.clear();
    const { count, done } = known ?? { count: 0, done: 0 };
    this.#written.set(aggregateId, { count: count + 1, done });
    if (count + 1 >= packAfter) this.#due.add(aggregateId);
  }

  /** Packs the aggregates of which enough was written. Never rejects: it saves room, and no commit is to fail by it. */
  async packDue(): Promise<void> {
    for (const aggregateId of this.#due) {
      this.#due.delete(aggregateId);
      let done = this.#written.get(aggregateId)?.done ?? 0;
      try {
        done = await this.pack(aggregateId, done);
      } catch {
        // What is wrong with the server the commit says; the next time, or a vacuum, packs these too.
      }
      this.#written.set(aggregateId, { count: 0, done });
    }
  }

  /**
   * Packs the versions of an aggregate from one on.
   *
   * @returns The newest version, from which the next time begins.
   */
  async pack(aggregateId: string, from: number): Promise<number> {
    for (let next = from; ; ) {
      const page = await this.#run<{ version: Int8; state: string; form: string }>(
        `select version, form, case when form = 'full' then state else '' end as state from ${this.#versions}
         where aggregate_id = $1 and version >= $2 order by version limit ${pageSize}`,
        [aggregateId, next],
      );
      const versions: number[] = [];
      const deltas: string[] = [];
      for (const [index, { version, state }] of page.entries()) {
        const newer = page[index + 1];
        const delta = newer && mayPack(Number(version)) ? packedText(state, newer.state) : undefined;
        if (delta === undefined) continue;
        versions.push(Number(version));
        deltas.push(delta);
      }
      if (versions.length > 0) {
        await this.#run(
          `update ${this.#versions} v set state = d.delta, form = 'delta'
           from unnest($2::bigint[], $3::text[]) as d (version, delta)
           where v.aggregate_id = $1 and v.version = d.version and v.form = 'full'`,
          [aggregateId, versions, deltas],
        );
      }
      const last = Number(page.at(-1)?.version ?? next);
      if (page.length < pageSize) return last;
      next = last;
    }
  }
}
