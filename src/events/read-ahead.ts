/** Something in order that is read a page at a time. */
export interface Paging<T> {
  /** At most `limit` from `start` on. */
  read(start: number, limit: number): Promise<readonly T[]>;
  /** Where to go on after an item; nothing where it is the last one asked for. */
  next(last: T): number | undefined;
  /** Where it will most likely go on after a full page that begins at `start`; nothing where that can't be told. */
  guess?(start: number, limit: number): number | undefined;
}

export interface ReadAheadOptions {
  readonly start: number;
  /** Items in all, and in a page. */
  readonly limit: number;
  readonly pageSize: number;
  /** Pages on their way while one is handled; more than one only where the paging can guess. */
  readonly ahead: number;
}

interface Coming<T> {
  readonly start: number;
  readonly size: number;
  readonly items: Promise<readonly T[]>;
}

/**
 * The pages of something, in order, up to the first that is not full.
 *
 * Once a page is full the ones behind it are asked for before it is handed out, where they will most likely begin. One
 * that does not begin where the page before it ends is dropped, and read anew. When the iteration is over, however it
 * came to that, no read is running any more.
 */
export async function* readAhead<T>(
  paging: Paging<T>,
  { start, limit, pageSize, ahead }: ReadAheadOptions,
): AsyncGenerator<readonly T[], void, undefined> {
  const running = new Set<Promise<unknown>>();
  let coming: Coming<T>[] = [];
  let left = limit;
  const ask = (from: number | undefined) => {
    const size = Math.min(left, pageSize);
    if (from === undefined || size === 0) return false;
    left -= size;
    const items = paging.read(from, size);
    coming.push({ start: from, size, items });
    // Handled here too, for whoever stops iterating does not come for it: then it fails for nobody.
    const done = () => void running.delete(items);
    running.add(items);
    items.then(done, done);
    return true;
  };
  const goOn = (from: number | undefined) => {
    if (coming.length > 0 && coming[0]!.start !== from) {
      for (const { size } of coming) left += size;
      coming = [];
    }
    if (coming.length === 0) ask(from);
    while (coming.length > 0 && coming.length < ahead) {
      const last = coming.at(-1)!;
      if (!ask(paging.guess?.(last.start, last.size))) break;
    }
  };
  try {
    ask(start);
    for (let page = coming.shift(); page; page = coming.shift()) {
      const items = await page.items;
      const isFull = items.length === page.size;
      const next = isFull ? paging.next(items.at(-1)!) : undefined;
      if (isFull && ahead > 0) goOn(next);
      if (!isFull) coming = [];
      if (items.length > 0) yield items;
      if (isFull && ahead === 0) goOn(next);
    }
  } finally {
    await Promise.allSettled(running);
  }
}
