import { systemClock } from '../../core/clock.ts';
import { AppendInDoubtError, isMigrationError } from '../../core/errors.ts';
import type { AdapterAppendOptions, AppendOutcome, EventBatch } from '../../events/event-adapter.ts';
import { callersWork, OpenTransaction, runInTransaction } from './open-transaction.ts';
import { idsOf, PgEventAppender } from './pg-event-appender.ts';
import { PgEventReader } from './pg-event-reader.ts';
import { PgEventState } from './pg-event-state.ts';
import { failureOf } from './pg-failure.ts';
import { type PgDatabase, rowsOn } from './pg-queryable.ts';

/**
 * Appends in a transaction of several statements: with checkpoints, with work of the caller's, or in the transaction that
 * he has open. Ids are looked for first, since an id that is stored already would fail the transaction.
 *
 * @param reader - Outside of the transaction.
 */
export async function appendInTransaction(
  { db, schema, reader }: { readonly db: PgDatabase; readonly schema: string; readonly reader: PgEventReader },
  batches: readonly EventBatch[],
  { condition, checkpoints = [], within }: AdapterAppendOptions,
): Promise<AppendOutcome> {
  const ids = idsOf([batches]);
  try {
    return await runInTransaction(db, 'append events', async (connection) => {
      const inside = new PgEventReader(schema, rowsOn(connection));
      const find = (wanted: readonly string[]) => inside.findByIds(wanted);
      const known = await find(ids);
      if (known.length > 0) return { status: 'existing', events: known };
      const run = (text: string, values: unknown[]) => connection.query(text, values);
      const once = { maxAttempts: 1, clock: systemClock, random: Math.random };
      const appender = new PgEventAppender({ schema, run, findByIds: find, ...once });
      const [outcome] = await appender.try([batches], condition);
      if (outcome!.status !== 'appended') return outcome!;
      const state = new PgEventState(schema, rowsOn(connection));
      for (const { name, ...checkpoint } of checkpoints) await state.saveCheckpoint(name, checkpoint, {});
      if (within) {
        const stored = await find(ids);
        await callersWork(connection, (client) => within(stored, client));
      }
      return outcome!;
    });
  } catch (error) {
    // With a transaction of the caller's that has failed nothing is stored, whatever the reason.
    if (!isMigrationError(error, 'STORAGE_FAILED') || db instanceof OpenTransaction) throw error;
    const failure = failureOf(error.cause);
    if (failure === 'lost') throw new AppendInDoubtError({ eventIds: ids }, { cause: error.cause });
    const stored = failure === 'duplicate_id' ? await reader.findByIds(ids) : [];
    if (stored.length === 0) throw error;
    return { status: 'existing', events: stored };
  }
}
