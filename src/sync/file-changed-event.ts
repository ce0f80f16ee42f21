import { DomainEvent, type DomainEventOptions } from '../events/domain-event.ts';
import type { FileChange } from './file-change.ts';

/** `file.changed`: a file was added, changed or removed. The aggregate is its path. */
export class FileChangedEvent extends DomainEvent<'file.changed'> {
  readonly change: FileChange;

  constructor(change: FileChange, options?: DomainEventOptions) {
    super('file.changed', change.path, options);
    this.change = change;
  }
}
