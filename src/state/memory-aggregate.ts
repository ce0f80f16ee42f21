import { SnapshotTooOldError, StorageError } from '../core/errors.ts';
import { isLongJson } from '../core/json-length.ts';
import { fromJsonText } from '../core/json-text.ts';
import { applyDelta } from '../core/text-delta.ts';
import { mayPack, minPackedLength, packedText } from '../core/version-packing.ts';
import type { Retention, StoredVersion } from './version-store.ts';

/** An old version whose state is kept as what makes it out of the next one. */
export type PackedVersion = Omit<StoredVersion, 'state'> & { readonly delta: string };

/** A version as it is kept. */
export type KeptVersion = StoredVersion | PackedVersion;

/** The versions of one aggregate, none missing in between; at least one. */
export class MemoryAggregate {
  readonly #versions: KeptVersion[] = [];
  #newestIsLong = false;

  /** @returns What the version that was the newest is kept as from now on, if that is not itself. */
  append(version: StoredVersion): PackedVersion | undefined {
    const { state } = version;
    const isLong = state !== undefined && isLongJson(state, minPackedLength);
    const packed = isLong && this.#newestIsLong ? pack(this.newest, state) : undefined;
    if (packed) this.#versions[this.#versions.length - 1] = packed;
    this.#versions.push(version);
    this.#newestIsLong = isLong;
    return packed;
  }

  get newest(): StoredVersion {
    return this.#versions[this.#versions.length - 1] as StoredVersion;
  }

  get oldest(): KeptVersion {
    return this.#versions[0]!;
  }

  /** The versions of these numbers, `last` included, as far as they are there. */
  range(first: number, last: number): StoredVersion[] {
    const { version: lowest } = this.oldest;
    const begin = Math.max(first - lowest, 0);
    const end = Math.min(last - lowest + 1, this.#versions.length);
    if (begin >= end) return [];
    let top = end - 1;
    while ('delta' in this.#versions[top]!) top++;
    const found: StoredVersion[] = [];
    let text: string | undefined;
    for (let index = top; index >= begin; index--) {
      const kept = this.#versions[index]!;
      if ('delta' in kept) {
        text = undelta(kept, text ?? JSON.stringify((this.#versions[index + 1] as StoredVersion).state));
        if (index < end) found.push(unpacked(kept, text));
      } else {
        text = undefined;
        if (index < end) found.push(kept);
      }
    }
    return found.reverse();
  }

  /**
   * The newest version with at most this sequence, or this time.
   *
   * @throws {@link SnapshotTooOldError} if it was removed.
   */
  asOf(field: 'sequence' | 'timestamp', value: number): StoredVersion | undefined {
    const index = this.#firstAbove(field, value) - 1;
    const { version: lowest, aggregateId } = this.oldest;
    if (index < 0 && lowest > 1) throw new SnapshotTooOldError(aggregateId);
    if (index < 0) return undefined;
    const kept = this.#versions[index]!;
    return 'delta' in kept ? this.range(kept.version, kept.version)[0] : kept;
  }

  /** @returns How many were removed. */
  removeOld({ horizon, graceSince = Infinity, keepVersions, keepBytes, keepSince }: Retention): number {
    const count = this.#versions.length;
    // Whatever comes before the last version that all of these let be the oldest may go.
    const allowed = Math.min(this.#firstAbove('sequence', horizon), this.#firstAbove('timestamp', graceSince - 1)) - 1;
    let wanted = 0;
    if (keepVersions !== undefined) wanted = count - keepVersions;
    if (allowed > 0 && keepBytes !== undefined) wanted = Math.max(wanted, this.#firstWithin(keepBytes));
    if (keepSince !== undefined) wanted = Math.max(wanted, this.#firstAbove('timestamp', keepSince - 1) - 1);
    const removed = Math.min(allowed, wanted);
    if (removed <= 0) return 0;
    this.#versions.splice(0, removed);
    return removed;
  }

  /** The first of the newest versions that take at most so many bytes together; the newest at least. */
  #firstWithin(bytes: number): number {
    let index = this.#versions.length - 1;
    let total = sizeOf(this.#versions[index]!);
    while (index > 0) {
      total += sizeOf(this.#versions[index - 1]!);
      if (total > bytes) break;
      index--;
    }
    return index;
  }

  /** Index of the first version with a higher sequence, or a later time. */
  #firstAbove(field: 'sequence' | 'timestamp', value: number): number {
    let [low, high] = [0, this.#versions.length];
    // Mostly asked of what is new.
    if (this.#versions[high - 1]![field] <= value) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#versions[middle]![field] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function pack({ state, ...version }: StoredVersion, next: StoredVersion['state']): PackedVersion | undefined {
  if (!mayPack(version.version)) return undefined;
  const delta = packedText(JSON.stringify(state), JSON.stringify(next));
  return delta === undefined ? undefined : Object.freeze({ ...version, delta });
}

function undelta({ aggregateId, version, delta }: PackedVersion, base: string): string {
  const text = applyDelta(base, delta);
  if (text === undefined) throw new StorageError(`read version ${version} of "${aggregateId}"`, 'its delta is damaged');
  return text;
}

function unpacked({ delta: _, ...version }: PackedVersion, text: string): StoredVersion {
  return Object.freeze({ ...version, state: fromJsonText(text, `read version ${version.version}`) });
}

/** Measured when first asked for: only a retention by bytes asks. */
const sizes = new WeakMap<KeptVersion, number>();

function sizeOf(version: KeptVersion): number {
  const known = sizes.get(version);
  if (known !== undefined) return known;
  const text = 'delta' in version ? version.delta : version.state === undefined ? '' : JSON.stringify(version.state);
  const size = Buffer.byteLength(text);
  sizes.set(version, size);
  return size;
}
