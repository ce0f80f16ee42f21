/** What one benchmark measured: operations a second of each contender, and which of them is the limit. */
export interface BenchResult {
  readonly title: string;
  /** What is counted, such as `appends/s`. */
  readonly unit: string;
  /** The physical limit: what the same work costs without us. Every other figure is a share of it. */
  readonly limit: string;
  readonly contenders: readonly { readonly name: string; readonly rate: number; readonly ratio: number }[];
}

/** A file in this folder: its name, and what it measures. */
export interface Bench {
  readonly name: string;
  run(): Promise<readonly BenchResult[]>;
}

/**
 * Runs contenders in turns, five rounds after one to warm up, and takes the median of each, so that what disturbs the
 * machine disturbs all of them.
 *
 * @param contenders - By name, the limit first: work that says how many operations it did.
 */
export async function compare(
  title: string,
  unit: string,
  contenders: Readonly<Record<string, () => number | Promise<number>>>,
): Promise<BenchResult> {
  const names = Object.keys(contenders);
  const rates = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < 6; round++) {
    for (const name of names) {
      const start = performance.now();
      const operations = await contenders[name]!();
      const rate = (operations / (performance.now() - start)) * 1000;
      if (round > 0) rates.get(name)!.push(rate);
    }
  }
  const limit = names[0]!;
  const medianOf = (name: string) => rates.get(name)!.toSorted((a, b) => a - b)[2]!;
  return {
    title,
    unit,
    limit,
    contenders: names.map((name) => ({ name, rate: medianOf(name), ratio: medianOf(name) / medianOf(limit) })),
  };
}
