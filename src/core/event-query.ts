/** Events of one of these types that have all of these tags. What is left out allows any. */
export interface EventQueryItem {
  /** At least one, where given. */
  readonly types?: readonly string[];
  /** At least one, where given. */
  readonly tags?: readonly string[];
}

/** Events, of whatever stream, that match at least one of the items. */
export type EventQuery = readonly EventQueryItem[];

/** Whether an event is one that the query asks for. */
export function matchesQuery(event: { type: string; tags: readonly string[] }, query: EventQuery): boolean {
  return query.some(
    ({ types, tags }) =>
      (!types || types.includes(event.type)) && (!tags || tags.every((tag) => event.tags.includes(tag))),
  );
}
