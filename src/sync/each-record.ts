import type { Replica } from './replica.ts';
import type { SyncSide } from './sync-journal.ts';

type Replicas = Readonly<Record<SyncSide, Pick<Replica<never>, 'ids'>>>;

/** Every id that either side has, once; those of `others` first. */
export async function* idsOf(
  { spec, runtime }: Replicas,
  signal: AbortSignal | undefined,
  others: Iterable<string> = [],
): AsyncGenerator<string, void> {
  const seen = new Set<string>();
  for (const ids of [others, spec.ids({ signal }), runtime.ids({ signal })]) {
    for await (const id of ids) {
      signal?.throwIfAborted();
      if (seen.has(id)) continue;
      seen.add(id);
      yield id;
    }
  }
}

/** Does the work for each id, at most so many at once. The first failure ends it, once what has begun is done. */
export async function forEachId(
  ids: AsyncIterable<string>,
  concurrency: number,
  work: (id: string) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const id of ids) {
    if (failures.length > 0) break;
    const one = work(id)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= concurrency) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
