import { checkObject } from '../../core/check-argument.ts';
import type { Conflict } from '../conflict.ts';
import { ConflictResolution, ManualResolutionRequired } from '../conflict-resolution.ts';
import type { ConflictResolutionStrategy } from '../conflict-resolver.ts';

/** Both texts, one behind the other, the lesser first (CF3); the longer alone if it holds the other. */
export class ConcatenateStrategy implements ConflictResolutionStrategy {
  readonly name: string = 'concatenate';
  readonly mergesInside = true;
  readonly #separator: string;

  /** @param options - What stands between the texts; default a line end. */
  constructor(options: { readonly separator?: string | undefined } = {}) {
    checkObject(options);
    this.#separator = options.separator ?? '\n';
  }

  resolve(conflict: Conflict): ConflictResolution {
    const { localValue: local, remoteValue: remote } = conflict;
    if (typeof local !== 'string' || typeof remote !== 'string') {
      return new ManualResolutionRequired(conflict, 'only texts can be put behind one another');
    }
    const value = local.includes(remote)
      ? local
      : remote.includes(local)
        ? remote
        : (local < remote ? [local, remote] : [remote, local]).join(this.#separator);
    return new ConflictResolution(conflict, {
      value,
      strategy: this.name,
      reason: 'both texts stand',
      confidence: 0.7,
      dropped: [],
    });
  }
}
