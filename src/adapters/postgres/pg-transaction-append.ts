import { systemClock } from '../../core/clock.ts';
import type { AdapterAppendOptions, AppendOutcome, EventBatch } from '../../events/event-adapter.ts';
import { callersWork } from './open-transaction.ts';
import { idsOf, PgEventAppender } from './pg-event-appender.ts';
import { PgEventReader } from './pg-event-reader.ts';
import { PgEventState } from './pg-event-state.ts';
import { type PgQueryable, rowsOn } from './pg-queryable.ts';

/**
 * Appends in a transaction of several statements: with checkpoints, with work of the caller's, or in the transaction that
 * he has open. Ids are looked for first, since an id that is stored already would fail the transaction.
 *
 * @param connection - On which the transaction is open.
 */
export async function appendInTransaction(
  connection: PgQueryable,
  schema: string,
  batches: readonly EventBatch[],
  { condition, checkpoints, within }: AdapterAppendOptions,
): Promise<AppendOutcome> {
  const ids = idsOf([batches]);
  const reader = new PgEventReader(schema, rowsOn(connection));
  const findByIds = (wanted: readonly string[]) => reader.findByIds(wanted);
  const known = await findByIds(ids);
  if (known.length > 0) return { status: 'existing', events: known };
  const run = (text: string, values: unknown[]) => connection.query(text, values);
  const once = { maxAttempts: 1, clock: systemClock, random: Math.random };
  const appender = new PgEventAppender({ schema, run, findByIds, ...once });
  const outcome = (await appender.try([batches], condition))[0]!;
  if (outcome.status !== 'appended') return outcome;
  const state = new PgEventState(schema, rowsOn(connection));
  for (const { name, ...checkpoint } of checkpoints?.(outcome.batches) ?? []) {
    await state.saveCheckpoint(name, checkpoint, {});
  }
  if (within) {
    const stored = await findByIds(ids);
    await callersWork(connection, (client) => within(stored, client));
  }
  return outcome;
}
