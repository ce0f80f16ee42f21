import { HorizonUnknownError, type MigrationError, ReadOnlyStorageError, storageError } from '../../core/errors.ts';
import { horizonUnknown } from './pg-event-horizon-ddl.ts';

const readOnlyTransaction = '25006';

/** What a failed statement on events is thrown as: like {@link storageError}, and what a standby refuses by its name. */
export function pgError(operation: string, advice: string, cause: unknown): MigrationError {
  const { code } = cause as { code?: unknown };
  if (code === readOnlyTransaction) return new ReadOnlyStorageError(operation, { cause });
  if (code === horizonUnknown) return new HorizonUnknownError({ cause });
  return storageError(operation, advice, cause);
}
