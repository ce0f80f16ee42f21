/** The items in this order of some of them; the others stay behind what they stood behind. */
export function inOrder<T>(items: readonly T[], order: readonly string[], idOf: (item: T) => string): T[] {
  const isOrdered = new Set(order);
  const runs = new Map<string | undefined, T[]>();
  let run: T[] = [];
  runs.set(undefined, run);
  for (const item of items) {
    const id = idOf(item);
    if (isOrdered.has(id)) {
      run = [];
      runs.set(id, run);
    }
    run.push(item);
  }
  return [undefined, ...order].flatMap((id) => runs.get(id)!);
}
