import type { JsonValue } from '../../src/core/json-value.ts';
import { MVCCController } from '../../src/state/mvcc-controller.ts';
import { MemoryReplica } from '../../src/sync/memory-replica.ts';
import type { Replica, ReplicaWriteOptions } from '../../src/sync/replica.ts';
import type { SyncJournal } from '../../src/sync/sync-journal.ts';
import { Crashes } from './crashing-systems.ts';

/** A replica that outlives the crashes of whoever reads and writes it. */
export class FaultyReplica<S = JsonValue> implements Replica<S> {
  readonly inner = new MemoryReplica<S>();
  crashes = new Crashes();
  /** Its name in stamps; without one it has none, and the last writer is not known. */
  readonly #nodeId: string | undefined;

  constructor(nodeId?: string) {
    this.#nodeId = nodeId;
  }

  async read(id: string) {
    const record = await this.crashes.around(() => this.inner.read(id));
    const nodeId = this.#nodeId;
    return nodeId === undefined
      ? record
      : { ...record, stamps: { timestamp: 1.7e12 + Number(record.version), nodeId } };
  }

  write(id: string, state: S | undefined, options: ReplicaWriteOptions) {
    return this.crashes.around(() => this.inner.write(id, state, options));
  }

  ids() {
    return this.inner.ids();
  }
}

/** A journal of the same kind, which keeps every entry it was ever given. */
export class FaultyJournal implements SyncJournal {
  readonly inner = new MVCCController();
  crashes = new Crashes();

  readVersion(id: string) {
    return this.crashes.around(() => this.inner.readVersion(id));
  }

  writeVersion(id: string, entry: JsonValue, expectedVersion: number) {
    return this.crashes.around(() => this.inner.writeVersion(id, entry, expectedVersion));
  }
}
