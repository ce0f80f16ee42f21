import assert from 'node:assert/strict';
import type { Replica, ReplicaRecord, ReplicaWriteOutcome } from '../../sync/replica.ts';

/** What a case works with. */
export interface ReplicaCase<S> {
  readonly replica: Replica<S>;
  /** Another one over the same storage; the same one where the storage lives inside it. */
  readonly other: Replica<S>;
  /** An id that no other case uses; of one name it is the same. */
  id(name: string): string;
  /** The state of this number, and of no other. */
  state(n: number): S;
  /** Whether the replica can have a record of this id. */
  isId(id: string): boolean;
  /** Writes past the replicas, as the application does; by `other` where nothing else is known. */
  edit(id: string, state: S | undefined): Promise<void>;
  /** Watches, and ends when the case is over. */
  watch(replica: Replica<S>): Promise<Told>;
}

export type DefineReplicaCase<S> = (title: string, run: (context: ReplicaCase<S>) => Promise<void>) => void;

/** Writes at the version that is there, which must succeed. @returns The record as it is then. */
export async function put<S>(replica: Replica<S>, id: string, state: S | undefined): Promise<ReplicaRecord<S>> {
  const { version } = await replica.read(id);
  const outcome = await replica.write(id, state, { expectedVersion: version });
  return { state, version: versionOf(outcome) };
}

/** The version of a write that must have taken effect. */
export function versionOf(outcome: ReplicaWriteOutcome): string {
  assert.equal(outcome.status, 'written');
  assert.equal(typeof (outcome as { version?: unknown }).version, 'string', 'a write tells the new version, as text');
  return (outcome as { readonly version: string }).version;
}

/** The record must hold this, whoever reads it. @returns Its version. */
export async function expectHeld<S>(
  replicas: readonly Replica<S>[],
  id: string,
  state: S | undefined,
): Promise<string> {
  const versions = new Set<string>();
  for (const replica of replicas) {
    const record = await replica.read(id);
    assert.deepEqual(record.state, state, `what ${JSON.stringify(id)} holds`);
    assert.equal(typeof record.version, 'string', 'a version is text');
    versions.add(record.version);
  }
  assert.equal(versions.size, 1, 'a record that nobody writes has one version');
  return [...versions][0]!;
}

/** Every id listed that begins with `prefix`, in the order in which they came. */
export async function listed<S>(replica: Replica<S>, prefix: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of replica.ids()) if (id.startsWith(prefix)) ids.push(id);
  return ids;
}

/** What one watch was told. */
export class Told {
  readonly ids: string[] = [];
  readonly #patienceMs: number;
  #end: () => Promise<void> = async () => {};
  #stir = () => {};

  /** @param patienceMs - How long what is to be told may take. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  async begin<S>(replica: Replica<S>): Promise<this> {
    assert.ok(replica.watch, 'a replica that can be watched');
    this.#end = await replica.watch(
      (id) => {
        this.ids.push(id);
        this.#stir();
      },
      (error) => assert.fail(`watching ended by itself: ${String(error)}`),
    );
    return this;
  }

  /** It is ended once. */
  async end(): Promise<void> {
    const end = this.#end;
    this.#end = async () => {};
    await end();
  }

  /** Resolves once each of these has been told of, after the first `since` tellings. */
  async until(ids: readonly string[], since = 0): Promise<void> {
    const missing = () => ids.filter((id) => !this.ids.includes(id, since));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`not told of within ${this.#patienceMs} ms: ${JSON.stringify(missing())}`));
      }, this.#patienceMs);
    });
    try {
      while (missing().length > 0) {
        const stirred = new Promise<void>((resolve) => {
          this.#stir = resolve;
        });
        await Promise.race([stirred, late]);
      }
    } finally {
      clearTimeout(timer);
      late.catch(() => undefined);
    }
  }
}
