import { InvalidArgumentError } from '../core/errors.ts';
import { isPlainObject } from '../core/json-value.ts';

/** When, and where, a value was written. */
export interface WriteStamp {
  /** A Date, or seconds or milliseconds since 1970: a number below 1e11 is taken as seconds. */
  readonly timestamp: Date | number;
  /** The writer, to settle equal times in the same way everywhere. */
  readonly nodeId?: string | undefined;
}

/** A {@link WriteStamp} with its time in milliseconds. */
export interface NormalizedStamp {
  readonly timestamp: number;
  readonly nodeId?: string;
}

/** The stamp of a whole version, or of each of its values by JSON Pointer (undefined: not known). */
export type WriteStamps = WriteStamp | ((path: string) => WriteStamp | undefined);

// 1e11 s is the year 5138, 1e11 ms is March 1973: no time that a running system writes is ambiguous.
const firstMilliseconds = 1e11;

// What is in milliseconds already must not be taken for seconds.
const normalized = new WeakSet<object>();

/**
 * The stamp with its time in milliseconds; one that is normalized already is given back as it is.
 *
 * @throws {@link InvalidArgumentError} for a time that is no time, or a node id that is no text.
 */
export function normalizeStamp(stamp: WriteStamp | NormalizedStamp, what: string): NormalizedStamp {
  if (normalized.has(stamp)) return stamp as NormalizedStamp;
  const { timestamp } = stamp;
  if (timestamp instanceof Date) return stampAt(timestamp.getTime(), stamp, what);
  const isSeconds = typeof timestamp === 'number' && Math.abs(timestamp) < firstMilliseconds;
  return stampAt(isSeconds ? timestamp * 1000 : timestamp, stamp, what);
}

/**
 * The normalized stamp that was written as JSON.
 *
 * @throws {@link InvalidArgumentError} if it is anything else.
 */
export function readStamp(json: unknown, what: string): NormalizedStamp {
  if (!isPlainObject(json)) throw new InvalidArgumentError(what, 'an object with a timestamp', json);
  return stampAt(json.timestamp, json, what);
}

function stampAt(time: unknown, given: { timestamp?: unknown; nodeId?: unknown }, what: string): NormalizedStamp {
  const { timestamp, nodeId } = given;
  if (typeof time !== 'number' || !Number.isFinite(time)) {
    throw new InvalidArgumentError(`${what}.timestamp`, 'a Date, or seconds or milliseconds since 1970', timestamp);
  }
  if (nodeId !== undefined && typeof nodeId !== 'string') {
    throw new InvalidArgumentError(`${what}.nodeId`, 'text', nodeId);
  }
  // JSON knows no negative zero.
  const stamp = Object.freeze({ timestamp: time + 0, ...(nodeId === undefined ? {} : { nodeId }) });
  normalized.add(stamp);
  return stamp;
}
