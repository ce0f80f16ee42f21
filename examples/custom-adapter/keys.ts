// Keys sort as text: numbers are padded, and names are escaped so that none reaches into the keys of another.
const padded = (value: number) => String(Math.max(0, value)).padStart(16, '0');
const escaped = encodeURIComponent;

/** Holds the highest position that was ever given out. */
export const positionCounter = 'counter/position';
export const revisionCounter = 'counter/revision';

/** Holds the event. The other keys of an event hold the key of this one. */
export const eventKey = (position: number) => `event/${padded(position)}`;
export const versionKey = (stream: string, version: number) => `version/${escaped(stream)}/${padded(version)}`;
export const idKey = (id: string) => `id/${escaped(id)}`;

export const streamKey = (stream: string) => `stream/${escaped(stream)}`;
export const snapshotKey = (stream: string, name: string) => `snapshot/${escaped(stream)}/${escaped(name)}`;
export const checkpointKey = (name: string) => `checkpoint/${escaped(name)}`;

/** What all keys that begin so lie before. */
export const endOf = (begin: string) => `${begin}\uffff`;
/** What lies behind a key, and before all others. */
export const justBehind = (key: string) => `${key}\0`;
