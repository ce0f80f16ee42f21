import { messageOf } from '../core/errors.ts';
import { type EventIssue, EventValidationError } from './errors.ts';
import type { EncodedEvent } from './event-adapter.ts';
import type { EventRegistry } from './event-registry.ts';
import type { PayloadCodec } from './payload-codec.ts';
import { withSchemaVersion } from './schema-version.ts';
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts';

/**
 * The event with what its schema makes of its data, and with the schema's version. At once where the schema answers at
 * once. The schema works on a copy of its own: what the caller does meanwhile changes nothing.
 *
 * @param argument - Which event of the call it is, for messages.
 * @throws {@link EventValidationError} for a type that the registry does not know, and for data that does not fit.
 */
export function validateEvent(
  event: EncodedEvent,
  registry: EventRegistry,
  codec: PayloadCodec,
  argument: string,
): EncodedEvent | Promise<EncodedEvent> {
  const known = registry.get(event.type);
  const invalid = (issues: readonly EventIssue[], options?: ErrorOptions) =>
    new EventValidationError({ eventType: event.type, argument, issues }, options);
  if (!known) throw invalid([{ message: 'is no type of the registry', path: ['type'] }]);
  const { schema, version } = known;
  const failed = (cause: unknown) => invalid([{ message: messageOf(cause), path: ['data'] }], { cause });
  const finish = (result: StandardResult<unknown>): EncodedEvent => {
    if (result.issues) throw invalid(result.issues.map(eventIssue));
    const { data } = codec.encode(result.value, `${argument}.data`);
    return { ...event, data, metadata: withSchemaVersion(event.metadata, version) };
  };
  const result = validate(schema, event, failed);
  if (!(result instanceof Promise)) return finish(result);
  return result.then(finish, (cause: unknown) => {
    throw failed(cause);
  });
}

function validate(schema: StandardSchema, { data }: EncodedEvent, failed: (cause: unknown) => EventValidationError) {
  try {
    return schema['~standard'].validate(JSON.parse(data));
  } catch (cause) {
    throw failed(cause);
  }
}

function eventIssue({ message, path = [] }: StandardIssue): EventIssue {
  const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
  return { message, path: ['data', ...keys.map((key) => (typeof key === 'number' ? key : String(key)))] };
}
