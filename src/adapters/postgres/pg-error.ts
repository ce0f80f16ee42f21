import { HorizonUnknownError, type MigrationError, ReadOnlyStorageError, storageError } from '../../core/errors.ts';
import { horizonUnknown } from './pg-event-horizon-ddl.ts';
import { failureOf } from './pg-failure.ts';

const readOnlyTransaction = '25006';
const insufficientPrivilege = '42501';

/** What a failed statement on events is thrown as: like {@link storageError}, and what a standby refuses by its name. */
export function pgError(operation: string, advice: string, cause: unknown): MigrationError {
  const { code } = cause as { code?: unknown };
  if (code === readOnlyTransaction) return new ReadOnlyStorageError(operation, { cause });
  if (code === horizonUnknown) return new HorizonUnknownError({ cause });
  return storageError(operation, advice, cause);
}

/** What {@link pgError} is, of tables that could not be made: what to do depends on why. */
export function tableError(what: string, cause: unknown): MigrationError {
  return pgError(`create the ${what}`, tableAdvice(cause), cause);
}

function tableAdvice(cause: unknown): string {
  if ((cause as { code?: unknown }).code === insufficientPrivilege)
    return 'give this role the right to, or run init() once as one that may';
  return failureOf(cause) === 'refused'
    ? 'nothing was changed: mend what the server says'
    : 'see that the server can be reached, then try again';
}
