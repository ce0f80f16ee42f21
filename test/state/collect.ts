/** All that comes, or what `pick` makes of each. */
export async function collect<T, R = T>(items: AsyncIterable<T>, pick?: (item: T) => R): Promise<R[]> {
  const collected: R[] = [];
  for await (const item of items) collected.push(pick ? pick(item) : (item as unknown as R));
  return collected;
}
