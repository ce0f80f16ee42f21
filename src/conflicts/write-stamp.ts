import { InvalidArgumentError } from '../core/errors.ts';

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

/** @throws {@link InvalidArgumentError} for a time that is no time, or a node id that is no text. */
export function normalizeStamp(stamp: WriteStamp, what: string): NormalizedStamp {
  const { timestamp, nodeId } = stamp;
  const time = timestamp instanceof Date ? timestamp.getTime() : timestamp;
  if (typeof time !== 'number' || !Number.isFinite(time)) {
    throw new InvalidArgumentError(`${what}.timestamp`, 'a Date, or seconds or milliseconds since 1970', timestamp);
  }
  if (nodeId !== undefined && typeof nodeId !== 'string') {
    throw new InvalidArgumentError(`${what}.nodeId`, 'text', nodeId);
  }
  const isSeconds = !(timestamp instanceof Date) && Math.abs(time) < firstMilliseconds;
  return Object.freeze({ timestamp: isSeconds ? time * 1000 : time, ...(nodeId === undefined ? {} : { nodeId }) });
}
