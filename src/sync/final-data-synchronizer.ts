import { checkMethods, checkObject } from '../core/check-argument.ts';
import { checksum } from '../core/checksum.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { FinalSyncError, type FinalSyncStep } from './errors.ts';
import { examineRecord, type RecordRules, type ValidRecord } from './examine-record.ts';
import type { FinalSyncProgress, FinalSyncResult, QuarantinedRecord, SyncDifference } from './final-sync-result.ts';
import { KeySet } from './key-set.ts';
import { atLeastOne } from './number-options.ts';
import { MemorySyncCheckpointStore, type SyncCheckpointStore } from './sync-checkpoint-store.ts';
import type { SyncSource } from './sync-source.ts';
import type { SyncTarget } from './sync-target.ts';

/** Options of a {@link FinalDataSynchronizer}. */
export interface FinalDataSynchronizerOptions<Row> {
  readonly source: SyncSource<Row>;
  readonly target: SyncTarget<Row>;
  /** What is wrong with a record, in words; nothing for a good one. What it throws is a reason too. Default: nothing. */
  readonly validate?: (row: Row) => readonly string[] | Promise<readonly string[]>;
  /** Two records with the same checksum are equal. Default: SHA-256 of the record's stable JSON. */
  readonly checksum?: (row: Row) => string;
  /**
   * Whether the target's record is a later state than the source's, because the target is in use already: it then stays
   * as it is and counts as migrated. Default: never, the source's record replaces any other.
   */
  readonly isLater?: (stored: Row, record: Row) => boolean;
  /** Default: one that lasts as long as this object. */
  readonly checkpoint?: SyncCheckpointStore;
  /** Records that are read, compared and written at once. Default 500. */
  readonly batchSize?: number;
  /** How many passes may write; one more then only names what still differs. Default 3. */
  readonly copyPasses?: number;
  /** Called after each batch. */
  readonly onProgress?: (progress: FinalSyncProgress) => void;
}

/** What one pass over the source has found. */
interface Pass<Row> {
  readonly number: number;
  readonly mayWrite: boolean;
  readonly seen: KeySet;
  readonly quarantined: QuarantinedRecord<Row>[];
  readonly differences: SyncDifference[];
  records: number;
  equal: number;
  later: number;
  written: number;
}

/**
 * Copies every record from one system to another and proves that it arrived.
 *
 * A pass reads each record of the source, compares its checksum with the target's, and writes it where they differ.
 * Passes follow each other until one finds nothing to write: that one is the proof.
 *
 * - FS1: each record is written once in effect. What is there already is not written again, and a run that broke off
 *   goes on behind its checkpoint.
 * - FS2: a record that changes while it is copied arrives in its last state with the next pass. Writers that never
 *   rest leave differences, which are named: stop them and run it again.
 * - FS3: each record is compared by checksum, and each difference is named.
 * - FS4: a record that is not valid, can not be compared or has the key of an earlier one is set aside with the
 *   reasons.
 *
 * Memory: one batch, 16 to 32 bytes a key, and what the result names.
 */
export class FinalDataSynchronizer<Row> {
  readonly #source: SyncSource<Row>;
  readonly #target: SyncTarget<Row>;
  readonly #rules: RecordRules<Row>;
  readonly #isLater: (stored: Row, record: Row) => boolean;
  readonly #checkpoint: SyncCheckpointStore;
  readonly #batchSize: number;
  readonly #copyPasses: number;
  readonly #onProgress: (progress: FinalSyncProgress) => void;

  /** @throws {@link InvalidArgumentError} if a number is not a whole one from 1. */
  constructor(options: FinalDataSynchronizerOptions<Row>) {
    checkObject(options);
    checkMethods(options.source, 'options.source', 'a SyncSource', 'extract', 'keyOf');
    checkMethods(options.target, 'options.target', 'a SyncTarget', 'read', 'write');
    this.#source = options.source;
    this.#target = options.target;
    this.#rules = {
      keyOf: (row) => options.source.keyOf(row),
      validate: options.validate ?? (() => []),
      checksum: options.checksum ?? checksum,
    };
    this.#isLater = options.isLater ?? (() => false);
    this.#checkpoint = options.checkpoint ?? new MemorySyncCheckpointStore();
    this.#batchSize = atLeastOne(options.batchSize ?? 500, 'options.batchSize');
    this.#copyPasses = atLeastOne(options.copyPasses ?? 3, 'options.copyPasses');
    this.#onProgress = options.onProgress ?? (() => {});
  }

  /**
   * Synchronizes and verifies. A system that fails breaks the run off and stands in `errors`; call it again to go on.
   *
   * @throws the signal's reason when it aborts; the next call goes on as well.
   */
  async performFinalSync(options: { readonly signal?: AbortSignal } = {}): Promise<FinalSyncResult<Row>> {
    const { signal } = options;
    const errors: FinalSyncError[] = [];
    let pass = this.#newPass(1);
    let writtenRecords = 0;
    try {
      signal?.throwIfAborted();
      const after = await step('load checkpoint', () => this.#checkpoint.load());
      await this.#run(pass, after, signal);
      // A pass proves that all is there if it saw every record and had nothing to write.
      for (let whole = after === null; pass.mayWrite && !(whole && pass.written === 0); whole = true) {
        writtenRecords += pass.written;
        pass = this.#newPass(pass.number + 1);
        await this.#run(pass, null, signal);
      }
      await this.#findUnexpected(pass, signal);
      await step('save checkpoint', () => this.#checkpoint.save(null));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof FinalSyncError)) throw error;
      errors.push(error);
    }
    writtenRecords += pass.written;
    const { equal, later: laterRecords, quarantined, differences } = pass;
    const success = errors.length + quarantined.length + differences.length === 0;
    const migratedRecords = equal + laterRecords;
    return Object.freeze({ success, migratedRecords, laterRecords, writtenRecords, errors, quarantined, differences });
  }

  #newPass(number: number): Pass<Row> {
    const mayWrite = number <= this.#copyPasses;
    return {
      number,
      mayWrite,
      seen: new KeySet(),
      quarantined: [],
      differences: [],
      records: 0,
      equal: 0,
      later: 0,
      written: 0,
    };
  }

  async #run(pass: Pass<Row>, after: string | null, signal: AbortSignal | undefined): Promise<void> {
    for await (const rows of this.#batches(after, signal)) {
      signal?.throwIfAborted();
      const valid: ValidRecord<Row>[] = [];
      let lastKey: string | null = null;
      for (const row of rows) {
        const examined = await examineRecord(row, this.#rules, pass.seen);
        if ('checksum' in examined) valid.push(examined);
        else pass.quarantined.push(examined);
        lastKey = examined.key ?? lastKey;
      }
      pass.records += rows.length;
      await this.#migrate(pass, valid, signal);
      if (pass.number === 1 && lastKey !== null) await step('save checkpoint', () => this.#checkpoint.save(lastKey));
      const { number, records, equal, later, written } = pass;
      this.#onProgress(
        Object.freeze({ pass: number, records, equal, later, written, quarantined: pass.quarantined.length }),
      );
    }
  }

  /** Compares the records with the target's; writes, or only names, those that differ. */
  async #migrate(
    pass: Pass<Row>,
    records: readonly ValidRecord<Row>[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (records.length === 0) return;
    const stored = await step('read target', () => this.#read(records, signal));
    const differing: Row[] = [];
    for (const [index, { key, record, checksum: sourceChecksum }] of records.entries()) {
      const there = stored[index] ?? null;
      if (there?.checksum === sourceChecksum) {
        pass.equal++;
      } else if (there && this.#isLater(there.row, record)) {
        pass.later++;
      } else if (pass.mayWrite) {
        differing.push(record);
      } else {
        const kind = there ? 'different' : 'missing';
        pass.differences.push(Object.freeze({ key, kind, sourceChecksum, targetChecksum: there?.checksum ?? null }));
      }
    }
    if (differing.length === 0) return;
    await step('write target', () => this.#target.write(differing, withSignal(signal)));
    pass.written += differing.length;
  }

  async #read(records: readonly ValidRecord<Row>[], signal: AbortSignal | undefined) {
    const keys = records.map(({ key }) => key);
    const rows = await this.#target.read(keys, withSignal(signal));
    if (rows.length !== keys.length) {
      throw new InvalidArgumentError('target.read(keys)', `${keys.length} records or nulls, one a key`, rows);
    }
    return rows.map((row) => (row ? { row, checksum: this.#rules.checksum(row) } : null));
  }

  /** Names the keys of the target that the source does not have. */
  async #findUnexpected(pass: Pass<Row>, signal: AbortSignal | undefined): Promise<void> {
    await step('list target', async () => {
      for await (const key of this.#target.keys?.(withSignal(signal)) ?? []) {
        if (pass.seen.has(key)) continue;
        pass.differences.push(Object.freeze({ key, kind: 'unexpected', sourceChecksum: null, targetChecksum: null }));
      }
    });
  }

  async *#batches(after: string | null, signal: AbortSignal | undefined): AsyncGenerator<readonly Row[]> {
    let batch: Row[] = [];
    try {
      for await (const row of this.#source.extract({ ...(after !== null && { after }), ...withSignal(signal) })) {
        batch.push(row);
        if (batch.length < this.#batchSize) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      throw new FinalSyncError('extract', error);
    }
    if (batch.length > 0) yield batch;
  }
}

async function step<T>(name: FinalSyncStep, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FinalSyncError(name, error);
  }
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {};
}
