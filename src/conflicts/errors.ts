import { MigrationError } from '../core/errors.ts';

/** The state has changed where a decision was to take effect: merge again and decide what is in conflict then. */
export class ResolutionOutdatedError extends MigrationError {
  override readonly name = 'ResolutionOutdatedError';
  readonly code = 'RESOLUTION_OUTDATED';
  /** JSON Pointer of the conflict. */
  readonly path: string;

  constructor(path: string, found: string) {
    super(`the decision on "${path}" no longer fits the state: ${found}; merge again and decide anew`);
    this.path = path;
  }
}
