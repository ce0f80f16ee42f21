import { InvalidArgumentError } from '../core/errors.ts';
import { deepFreeze } from '../core/json-value.ts';
import type { EventMetadata } from './domain-event.ts';
import { linkKey } from './hash-chain.ts';

/** The metadata key under which the version of an event's schema is stored; left out for 1. */
const versionKey = '$version';

/** @throws {@link InvalidArgumentError} for keys that begin with `$`: they are the store's own. */
export function checkMetadataKeys(metadata: EventMetadata, what: string): void {
  for (const key of Object.keys(metadata)) {
    if (key.startsWith('$')) throw new InvalidArgumentError(what, 'no key that begins with $', key);
  }
}

/** Metadata, as JSON text, with the version of the schema among it. */
export function withSchemaVersion(metadata: string, version: number): string {
  if (version === 1) return metadata;
  return `{"${versionKey}":${version}${metadata === '{}' ? '}' : `,${metadata.slice(1)}`}`;
}

/** The metadata that the application gave, and the version of the schema. Throws for what is damaged. */
export function splitMetadata(text: string): { readonly metadata: EventMetadata; readonly schemaVersion: number } {
  if (text === '{}') return plain;
  const stored: unknown = JSON.parse(text);
  if (typeof stored !== 'object' || stored === null) throw new Error('its metadata is no object');
  const { [versionKey]: schemaVersion = 1, [linkKey]: _, ...metadata } = stored as EventMetadata;
  if (!Number.isSafeInteger(schemaVersion)) throw new Error('its schema version is no whole number');
  return { metadata: deepFreeze(metadata), schemaVersion: schemaVersion as number };
}

const plain = Object.freeze({ metadata: Object.freeze({}) as EventMetadata, schemaVersion: 1 });
