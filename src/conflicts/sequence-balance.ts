/**
 * Whether a merge of sequences has as many of each item as the sides' changes say: at least what either side added to
 * and neither took from, at most what is left where both only took.
 *
 * Merging by place (diff3) knows no moves: an item that one side moved and the other removed comes back as an addition,
 * and one that both moved stands twice. Such a merge must not pass for a clean one (CF5).
 */
export function isBalanced<K>(
  versions: { readonly base: readonly K[]; readonly local: readonly K[]; readonly remote: readonly K[] },
  merged: readonly K[],
): boolean {
  const base = countsOf(versions.base);
  const local = countsOf(versions.local);
  const remote = countsOf(versions.remote);
  const state = countsOf(merged);
  for (const counts of [base, local, remote]) {
    for (const item of counts.keys()) {
      if (!isFair(base.get(item) ?? 0, local.get(item) ?? 0, remote.get(item) ?? 0, state.get(item) ?? 0)) return false;
    }
  }
  return true;
}

function isFair(before: number, one: number, other: number, now: number): boolean {
  if (one >= before && other >= before && now < Math.max(one, other)) return false;
  return one > before || other > before || now <= Math.min(one, other);
}

function countsOf<K>(items: readonly K[]): Map<K, number> {
  const counts = new Map<K, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
