import { MigrationError, messageOf } from '../core/errors.ts';

/** A level of the cache failed (`cause`). */
export class CacheLevelError extends MigrationError {
  override readonly name = 'CacheLevelError';
  readonly code = 'CACHE_LEVEL_FAILED';
  /** Counted from 1, the fastest. */
  readonly level: number;
  readonly operation: 'get' | 'set' | 'delete';
  readonly key: string;

  constructor(fields: { level: number; operation: CacheLevelError['operation']; key: string }, cause: unknown) {
    const { level, operation, key } = fields;
    const remedy = operation === 'get' ? 'the value is looked for further down' : 'it may hold an old value: try again';
    super(`level ${level} of the cache could not ${operation} "${key}" (${messageOf(cause)}): ${remedy}`, { cause });
    this.level = level;
    this.operation = operation;
    this.key = key;
  }
}
