import type { CommitOutcome, CommitRequest } from '../../state/version-store.ts';

/** What became of one commit of a group. */
export type CommitSettled = { readonly outcome: CommitOutcome } | { readonly error: unknown };

interface Waiting {
  readonly request: CommitRequest;
  readonly settle: (settled: CommitSettled) => void;
}

/** Commits in a group at most, and writes, unless the first commit has more. */
const maxCommits = 64;
const maxWrites = 1000;

/**
 * Group commit: commits that come while others are on their way go together, in one statement and one transaction. They would
 * wait for each other anyway, one wait for the disk each. When nothing is on its way a commit goes at once.
 */
export class PgCommitGroups {
  readonly #send: (requests: readonly CommitRequest[]) => Promise<readonly CommitSettled[]>;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param send - Commits one request after the other: says of each what became of it, and never rejects. */
  constructor(send: (requests: readonly CommitRequest[]) => Promise<readonly CommitSettled[]>) {
    this.#send = send;
  }

  commit(request: CommitRequest): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      const settle = (settled: CommitSettled) =>
        'outcome' in settled ? resolve(settled.outcome) : reject(settled.error);
      this.#waiting.push({ request, settle });
      if (this.#running) return;
      this.#running = true;
      // What is called in the same moment goes together.
      queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#take();
      const settled = await this.#send(group.map(({ request }) => request));
      for (const [index, { settle }] of group.entries()) settle(settled[index]!);
    }
    this.#running = false;
  }

  #take(): readonly Waiting[] {
    let count = 0;
    let writes = 0;
    for (const { request } of this.#waiting) {
      writes += request.writes.length;
      if (count > 0 && (count >= maxCommits || writes > maxWrites)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
