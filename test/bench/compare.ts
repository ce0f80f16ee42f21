/** What one benchmark measured, a row a contender. */
export interface BenchTable {
  readonly title: string;
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** How long to measure. */
export interface BenchOptions {
  /** Rounds in which every contender has its turn; the first of them is not counted if there are more. */
  readonly rounds: number;
}

/** A file in this folder: what it measures. */
export interface Bench {
  run(options: BenchOptions): Promise<readonly BenchTable[]>;
}

/** Work that says how many operations it did. */
export type Work = () => number | Promise<number>;

/**
 * Runs contenders in turns, and takes the median of each, so that what disturbs the machine disturbs all of them.
 *
 * @param unit - What is counted, such as `appends/s`.
 * @param contenders - By name; the first is the physical limit: every other rate is a share of it.
 */
export async function compare(
  { rounds }: BenchOptions,
  title: string,
  unit: string,
  contenders: Readonly<Record<string, Work>>,
): Promise<BenchTable> {
  const names = Object.keys(contenders);
  const rates = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      const operations = await contenders[name]!();
      rates.get(name)!.push((operations / (performance.now() - start)) * 1000);
    }
  }
  const rateOf = (name: string) => median(counted(rates.get(name)!));
  const limit = rateOf(names[0]!);
  return {
    title,
    rows: names.map((name) => ({
      contender: name,
      [unit]: Math.round(rateOf(name)),
      'share of the first': round2(rateOf(name) / limit),
    })),
  };
}

/** Without the round that warmed up. */
export const counted = <T>(measured: readonly T[]): readonly T[] =>
  measured.length > 1 ? measured.slice(1) : measured;

export const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export const round2 = (value: number) => Math.round(value * 100) / 100;
