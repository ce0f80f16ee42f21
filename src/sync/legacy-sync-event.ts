import type { LegacySyncCompletedEvent } from './legacy-sync-completed-event.ts';
import type { LegacySyncFailedEvent } from './legacy-sync-failed-event.ts';

/** What a bridge publishes. */
export type LegacySyncEvent = LegacySyncCompletedEvent | LegacySyncFailedEvent;
