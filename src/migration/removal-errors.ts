import { MigrationError, messageOf } from '../core/errors.ts';
import type { LegacyReference } from './legacy-references.ts';

/** A component is not where its path says: outside the root, or reached through a symbolic link. Nothing was changed. */
export class UnsafePathError extends MigrationError {
  override readonly name = 'UnsafePathError';
  readonly code = 'UNSAFE_PATH';
  readonly path: string;

  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`"${path}" ${detail}: name files and folders inside the root, without symbolic links on the way`, options);
    this.path = path;
  }
}

/** Files that stay still refer to a component. Nothing was changed: remove the references first. */
export class LegacyStillReferencedError extends MigrationError {
  override readonly name = 'LegacyStillReferencedError';
  readonly code = 'LEGACY_STILL_REFERENCED';
  readonly references: readonly LegacyReference[];

  constructor(references: readonly LegacyReference[], options?: ErrorOptions) {
    const shown = references.slice(0, 5).map(({ file, line, specifier }) => `${file}:${line} (${specifier})`);
    const more = references.length > shown.length ? ` and ${references.length - shown.length} more` : '';
    super(
      `legacy components are still referred to in ${shown.join(', ')}${more}: remove the references first`,
      options,
    );
    this.references = references;
  }
}

/** A path is taken: by another removal in the archive, or by a new file where one is to be restored. Nothing was changed. */
export class ArchiveConflictError extends MigrationError {
  override readonly name = 'ArchiveConflictError';
  readonly code = 'ARCHIVE_CONFLICT';
  readonly path: string;

  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`"${path}" ${detail}`, options);
    this.path = path;
  }
}

/** A component could not be moved (`cause`). */
export class RemovalFailedError extends MigrationError {
  override readonly name = 'RemovalFailedError';
  readonly code = 'REMOVAL_FAILED';
  /** The component that could not be moved. */
  readonly path: string;
  /** Why those moved before it could not be moved back; undefined when they were, so that nothing is changed. */
  readonly undoError: unknown;

  constructor(path: string, cause: unknown, undoError: unknown) {
    const after =
      undoError === undefined
        ? 'everything is where it was'
        : `moving the others back failed too (${messageOf(undoError)}): remove the cause and call restore()`;
    super(`"${path}" could not be moved (${messageOf(cause)}); ${after}`, { cause });
    this.path = path;
    this.undoError = undoError;
  }
}
