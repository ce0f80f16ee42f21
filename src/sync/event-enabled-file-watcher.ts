import { checkMethods } from '../core/check-argument.ts';
import type { EventPublisher } from '../events/event-publisher.ts';
import type { FileChange } from './file-change.ts';
import { FileChangedEvent } from './file-changed-event.ts';
import { FileWatcher, type FileWatcherOptions } from './file-watcher.ts';

/**
 * A {@link FileWatcher} that publishes each change as a {@link FileChangedEvent}.
 *
 * A change counts as reported once every handler on the bus is done with it. If one fails, the error goes to
 * `onError`, and the file's next event publishes the change again.
 */
export class EventEnabledFileWatcher extends FileWatcher {
  readonly #bus: EventPublisher;

  constructor(bus: EventPublisher, path: string | readonly string[], options: FileWatcherOptions = {}) {
    super(path, options);
    checkMethods(bus, 'bus', 'an EventPublisher', 'publish');
    this.#bus = bus;
  }

  protected override async onFileChange(change: FileChange): Promise<void> {
    await super.onFileChange(change);
    await this.#bus.publish(new FileChangedEvent(change));
  }
}
