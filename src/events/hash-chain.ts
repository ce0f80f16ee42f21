import { createHash } from 'node:crypto';
import type { EncodedEvent, StoredEvent } from './event-adapter.ts';

/** The metadata key under which an event has the hash of the one before it in its stream. */
export const linkKey = '$previous';

/** Begins the metadata of every event with a link; the hash is 43 characters of base64url. */
const begin = `{"${linkKey}":"`;
const linkPattern = /^\{"\$previous":"([\w-]{43})"(,|\})/;

type Fields = Omit<StoredEvent, 'position'>;

/**
 * SHA-256 of an event as it is stored, with its place in its stream and its own link: it stands for the stream up to
 * there, as in a hash chain. The position in the store is not part of it, so that an event has its hash before it is stored.
 */
export function hashOf({ stream, version, id, type, encoding, data, metadata, timestamp, tags }: Fields): string {
  const fields = [stream, version, id, type, encoding, data, metadata, timestamp, tags];
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url');
}

/** What an append links to: the hash of the event before it, with the position that it got when it was stored. */
export function placed(hash: string, position: number): string {
  return createHash('sha256')
    .update(JSON.stringify([hash, position]))
    .digest('base64url');
}

/** What the first event of a stream links to. */
export function beginningOf(stream: string): string {
  return createHash('sha256')
    .update(JSON.stringify([stream]))
    .digest('base64url');
}

/** The event with a link to the one before it. */
export function withLink<E extends EncodedEvent>(event: E, link: string): E {
  const { metadata } = event;
  return { ...event, metadata: `${begin}${link}"${metadata === '{}' ? '}' : `,${metadata.slice(1)}`}` };
}

/** The link of an event; nothing if it has none. */
export function linkOf({ metadata }: EncodedEvent): string | undefined {
  return linkPattern.exec(metadata)?.[1];
}
