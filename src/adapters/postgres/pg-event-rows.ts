import { randomInt } from 'node:crypto';
import { StorageError } from '../../core/errors.ts';
import type { StoredEvent } from '../../events/event-adapter.ts';

/** A bigint as a client gives it: text in pg, a number in PGlite, whatever a type parser of yours makes of it. */
export type Int8 = string | number | bigint;

type Run = (text: string, values: unknown[]) => Promise<readonly unknown[]>;

/** Which events are read. */
export interface EventPage {
  /** What stands behind FROM: gives rows of the events table. */
  readonly from: string;
  /** The parameters of `from`. */
  readonly values: readonly unknown[];
  /** How many there are at most. */
  readonly limit: number;
  /** What they are to be given in the ascending order of. */
  readonly order: 'version' | 'position';
}

/** Some hundreds of events, or a large one. */
interface Row {
  /** Their payloads, with a separator between them. */
  readonly data: string;
  /** The elements of a JSON array, seven an event. */
  readonly fields: string;
}

/** A control character: neither JSON nor base64 contains it. */
const usualSeparator = '\u001f';

/** Tries with another separator. */
const maxAttempts = 5;

/** Payloads from here on are given alone, the others about so many together: no text gets longer than some 32 MiB. */
const largeBytes = 64 * 1024;
const together = 512;

/** What a usual event has nothing else in. */
const unusual = `case when e.encoding = 'json' and e.metadata = '{}' and e.tags = '{}' then '0'
  else json_build_array(e.encoding, e.metadata, e.tags)::text end`;
const fields = `to_json(e.id), to_json(e.stream), e.version, e.position, to_json(e.type), e.timestamp, ${unusual}`;
const fieldsOfEvent = 7;

/** Reads events joined, some hundreds a row: for rows of their own a driver takes several times as long. */
export async function readEventPage(run: Run, { from, values, limit, order }: EventPage): Promise<StoredEvent[]> {
  const rows = Math.ceil(limit / together);
  const text = `select string_agg(e.data, $${values.length + 1}) as data, string_agg(concat_ws(',', ${fields}), ',') as fields
    from ${from} e
    group by case when octet_length(e.data) < ${largeBytes} then e.${order} % ${rows} else -e.${order} end`;
  let separator = usualSeparator;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const events = eventsOf((await run(text, [...values, separator])) as readonly Row[], separator);
    if (events) return events.sort((a, b) => a[order] - b[order]);
    separator = `${usualSeparator}${randomInt(2 ** 40).toString(36)}${usualSeparator}`;
  }
  throw new StorageError('read events', 'a page could not be taken apart: read it again');
}

/** Nothing where a payload contains the separator. */
function eventsOf(rows: readonly Row[], separator: string): StoredEvent[] | undefined {
  const events: StoredEvent[] = [];
  for (const row of rows) {
    const payloads = row.data.split(separator);
    const joined = JSON.parse(`[${row.fields}]`) as unknown[];
    if (joined.length !== payloads.length * fieldsOfEvent) return undefined;
    let at = 0;
    for (const data of payloads) {
      const id = joined[at++] as string;
      const stream = joined[at++] as string;
      const version = joined[at++] as number;
      const position = joined[at++] as number;
      const type = joined[at++] as string;
      const timestamp = joined[at++] as number;
      const [encoding, metadata, tags] = (joined[at++] || usual) as Unusual;
      events.push({ id, stream, version, position, type, encoding, metadata, timestamp, data, tags });
    }
  }
  return events;
}

type Unusual = readonly [encoding: string, metadata: string, tags: readonly string[]];
const usual: Unusual = ['json', '{}', Object.freeze([])];
