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

  read(id: string) {
    return this.crashes.around(() => this.inner.read(id));
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
