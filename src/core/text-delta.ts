import { flat } from './json-text.ts';
import { murmur3 } from './murmur3.ts';

/** Units of text by which a place is found again. */
const keyLength = 24;

/** One place in so many, by its content, is looked at: a power of two. */
const anchorEvery = 32;

/** A copy takes some ten units to write down: shorter ones are not worth it. */
const minCopy = 16;

/**
 * What turns `base` into `target`, as text: copies out of the base and insertions, as git's packs and VCDIFF (RFC 3284)
 * have them. Undo it with {@link applyDelta}.
 *
 * Linear in the length of the texts. Places that both have are found by their content, at anchors that the text itself
 * chooses, so that an insertion does not shift them (as the blocks of LBFS, Muthitacharoen 2001). Insertions never cut a
 * surrogate pair, so that the delta of well-formed texts is well-formed.
 */
export function textDelta(base: string, target: string): string {
  const prefix = commonPrefix(base, target);
  const suffix = commonSuffix(base, target, Math.min(base.length, target.length) - prefix);
  const writer = new DeltaWriter(target);
  if (prefix > 0) writer.copy(0, prefix, 0);
  matchBetween(
    base,
    target,
    { start: prefix, baseEnd: base.length - suffix, targetEnd: target.length - suffix },
    writer,
  );
  if (suffix > 0) writer.copy(base.length - suffix, suffix, target.length - suffix);
  return writer.finish();
}

/** The target of a delta; nothing if the delta is damaged or belongs to another base. */
export function applyDelta(base: string, delta: string): string | undefined {
  const header = /^([0-9a-z]+)\.([0-9a-z]+);/.exec(delta);
  if (!header) return undefined;
  const step = /([0-9a-z]+)([,:])(?:([0-9a-z]+);)?/y;
  let target = '';
  for (let at = header[0].length; at < delta.length; ) {
    step.lastIndex = at;
    const found = step.exec(delta);
    if (!found) return undefined;
    const [whole, first, kind, second] = found as unknown as [string, string, string, string | undefined];
    if (kind === ',') {
      if (second === undefined) return undefined;
      const offset = Number.parseInt(first, 36);
      target += base.slice(offset, offset + Number.parseInt(second, 36));
      at += whole.length;
    } else {
      const begin = at + first.length + 1;
      at = begin + Number.parseInt(first, 36);
      target += delta.slice(begin, at);
    }
  }
  const isRight =
    target.length === Number.parseInt(header[1]!, 36) && murmur3(target) === Number.parseInt(header[2]!, 36);
  return isRight ? target : undefined;
}

/** Writes `offset,length;` for a copy and `length:text` for an insertion, numbers to the base 36. */
class DeltaWriter {
  readonly #target: string;
  #text: string;
  /** How far of the target is written. */
  #written = 0;
  /** The last copy, which may go on. */
  #offset = 0;
  #length = 0;

  constructor(target: string) {
    this.#target = target;
    this.#text = `${target.length.toString(36)}.${murmur3(target).toString(36)};`;
  }

  /** What lies between the end of the last copy and here is an insertion. */
  copy(offset: number, length: number, at: number): void {
    let [from, count, start] = [offset, length, at];
    // Neither ends an insertion in half a pair, nor begins one so.
    if (start > this.#end && isLow(this.#target, start)) [from, count, start] = [from + 1, count - 1, start + 1];
    if (start + count < this.#target.length && isLow(this.#target, start + count)) count--;
    if (count <= 0) return;
    if (start === this.#end && from === this.#offset + this.#length) {
      this.#length += count;
      return;
    }
    this.#flush(start);
    this.#offset = from;
    this.#length = count;
  }

  finish(): string {
    this.#flush(this.#target.length);
    return flat(this.#text);
  }

  get #end(): number {
    return this.#written + this.#length;
  }

  #flush(until: number): void {
    if (this.#length > 0) this.#text += `${this.#offset.toString(36)},${this.#length.toString(36)};`;
    const end = this.#end;
    if (until > end) this.#text += `${(until - end).toString(36)}:${this.#target.slice(end, until)}`;
    this.#written = until;
    this.#length = 0;
  }
}

interface Middle {
  readonly start: number;
  readonly baseEnd: number;
  readonly targetEnd: number;
}

function matchBetween(base: string, target: string, { start, baseEnd, targetEnd }: Middle, writer: DeltaWriter): void {
  if (baseEnd - start < keyLength || targetEnd - start < keyLength) return;
  const places = anchorsOf(base, start, baseEnd);
  if (places.size === 0) return;
  let done = start;
  let expected = start;
  let hash = 0;
  for (let at = start; at + keyLength <= targetEnd; at++) {
    hash = roll(hash, target.charCodeAt(at));
    if (at < done || !isAnchor(hash)) continue;
    const known = places.get(target.slice(at, at + keyLength));
    if (!known) continue;
    const place = firstFrom(known, expected);
    let back = 0;
    while (
      at - back > done &&
      place - back > 0 &&
      base.charCodeAt(place - back - 1) === target.charCodeAt(at - back - 1)
    ) {
      back++;
    }
    let end = at + keyLength;
    while (end < targetEnd && base.charCodeAt(place + end - at) === target.charCodeAt(end)) end++;
    if (end - at + back < minCopy) continue;
    writer.copy(place - back, end - at + back, at - back);
    done = end;
    expected = place + end - at;
    // The hash of the last four units is whole again where the copy ends.
    at = Math.max(at, end - 4);
    hash = 0;
  }
}

function anchorsOf(text: string, start: number, end: number): Map<string, number[]> {
  const places = new Map<string, number[]>();
  let hash = 0;
  for (let at = start; at + keyLength <= end; at++) {
    hash = roll(hash, text.charCodeAt(at));
    if (!isAnchor(hash)) continue;
    const key = text.slice(at, at + keyLength);
    const known = places.get(key);
    if (known) known.push(at);
    else places.set(key, [at]);
  }
  return places;
}

/** A hash of the last four units. */
const roll = (hash: number, unit: number) => (Math.imul(hash, 0x100) + Math.imul(unit, 0x9e3779b1)) | 0;

const isAnchor = (hash: number) => ((hash >>> 24) & (anchorEvery - 1)) === 0;

/** The first place from here on, else the last one: edits mostly keep the order. */
function firstFrom(places: readonly number[], from: number): number {
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return places[low]!;
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function commonSuffix(a: string, b: string, most: number): number {
  let length = 0;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) length++;
  return length;
}

const isLow = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
