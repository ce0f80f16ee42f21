import { hearOnClient, hearOnDatabase, type PgHearingClient, type PgHearingDatabase } from './hear-notifications.ts';
import { type HearerParts, type PgConnect, ReconnectingHearer } from './reconnecting-hearer.ts';

/**
 * Where notifications are heard: a function that connects a pg.Client, also after one was lost; a connected pg.Client on
 * which nobody but this library listens to the channel; or PGlite. None of them through PgBouncer in transaction mode.
 */
export type PgHearing = PgConnect | PgHearingClient | PgHearingDatabase;

/**
 * Hears a channel, until the function it gives is called, which may be called again.
 *
 * @param lost - Called if the connection of the caller's ends before that; without a cause if he ended it himself.
 * @throws {@link StorageError} if the connection can't be had, or does not listen.
 */
export async function hear(
  hearing: PgHearing,
  parts: HearerParts,
  lost: (cause: unknown) => void,
): Promise<() => Promise<void>> {
  if (typeof hearing === 'function') {
    const hearer = new ReconnectingHearer(hearing, parts);
    await hearer.begin();
    return () => hearer.end();
  }
  const { channel, taker } = parts;
  if ('listen' in hearing) return hearOnDatabase(hearing, channel, taker());
  const client = await hearOnClient(hearing, channel, taker(), lost);
  return () => client.leave();
}
