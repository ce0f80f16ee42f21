/** How many random cases a property gets: as said, a hundred times as many with DEEP=1. */
export const runs = (count: number) => ({ numRuns: process.env.DEEP ? count * 100 : count });
