import { InvalidArgumentError } from '../../core/errors.ts';
import type { StoredEvent, StreamInfo } from '../../events/event-adapter.ts';
import { runInTransaction } from './open-transaction.ts';
import { streamKey } from './pg-append-locks.ts';
import { call, importStatement } from './pg-append-statement.ts';
import { pgError } from './pg-error.ts';
import { type PgDatabase, query } from './pg-queryable.ts';

/** Takes over events of another store as they are. @throws {@link InvalidArgumentError} for what does not fit. */
export async function importEvents(db: PgDatabase, schema: string, events: readonly StoredEvent[]): Promise<void> {
  if (events.length === 0) return;
  const behind = events.find(({ position }, index) => index > 0 && position <= events[index - 1]!.position);
  const refuse = (what: unknown, cause?: unknown) =>
    new InvalidArgumentError('events', 'events behind what is stored, each once, without gaps', what, { cause });
  if (behind) throw refuse(behind.id);
  try {
    const { text, values } = importStatement(schema, events);
    const { rows } = await query(db, text, values);
    if ((rows[0] as { answer: string }).answer === 'behind') throw refuse(events[0]!.id);
  } catch (error) {
    const { code, detail, message } = error as { code?: string; detail?: string; message?: string };
    if (code === '23505' || code === 'ZY400') throw refuse(detail ?? message, error);
    throw pgError('import events', 'nothing was written; try again', error);
  }
}

/** Makes streams what they are in another store. */
export async function importStreams(db: PgDatabase, schema: string, streams: readonly StreamInfo[]): Promise<void> {
  await runInTransaction(db, 'import streams', async (connection) => {
    for (const { stream, version, firstVersion, deleted } of streams) {
      const all = [streamKey(stream), stream, version, firstVersion, deleted];
      const { text, values } = call(schema, 'import_event_stream_v1', all);
      await connection.query(text, values);
    }
  });
}
