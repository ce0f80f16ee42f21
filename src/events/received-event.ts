import { type JsonObject, setOwn } from '../core/json-value.ts';
import { DomainEvent, type EventMetadata } from './domain-event.ts';

/** What is known of an event that was received. */
export interface ReceivedFields {
  readonly id: string;
  readonly type: string;
  readonly aggregateId: string;
  readonly timestamp: Date;
  readonly metadata: EventMetadata;
  readonly data: JsonObject;
}

/**
 * An event that another process has published, frozen in depth.
 *
 * It has the fields of the event that was published, but is no instance of its class and has none of its methods. A field
 * whose name every object has anyway, such as `constructor`, stands in `data` alone.
 */
export class ReceivedEvent extends DomainEvent {
  readonly #data: JsonObject;

  /** @param fields - Checked and frozen. */
  constructor(fields: ReceivedFields) {
    super(fields.type, fields.aggregateId, fields);
    this.#data = fields.data;
    for (const [key, value] of Object.entries(fields.data)) if (!(key in this)) setOwn(this, key, value);
    Object.freeze(this);
  }

  override get data(): JsonObject {
    return this.#data;
  }
}
