import { InvalidArgumentError } from '../core/errors.ts';

/**
 * What a transaction is kept apart from (MV4).
 *
 * - `read_committed` (and `read_uncommitted`, its alias): it reads what is committed at that moment; writes take effect
 *   together, and the last one stays.
 * - `repeatable_read`: it reads one snapshot, and of two that write the same aggregate the first to commit wins.
 * - `serializable`: as if committed transactions had run one after the other; what it read or scanned must be unchanged
 *   when it commits.
 */
export type IsolationLevel = 'read_uncommitted' | 'read_committed' | 'repeatable_read' | 'serializable';

export const isolationLevels: readonly IsolationLevel[] = [
  'read_uncommitted',
  'read_committed',
  'repeatable_read',
  'serializable',
];

/** The level. @throws {@link InvalidArgumentError} for what is none. */
export function checkIsolationLevel(level: IsolationLevel): IsolationLevel {
  if (isolationLevels.includes(level)) return level;
  throw new InvalidArgumentError('options.isolationLevel', isolationLevels.join(', '), level);
}

/** Whether everything is read as of one moment. */
export const keepsSnapshot = (level: IsolationLevel) => level === 'repeatable_read' || level === 'serializable';
