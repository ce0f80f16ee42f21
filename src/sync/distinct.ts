import { stableStringify } from '../core/checksum.ts';

/** The values, each once. */
export function distinct<T extends object>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((each) => [stableStringify(each), each])).values()];
}
