import { checkInteger } from '../core/check-integer.ts';
import { checksum } from '../core/checksum.ts';
import { InvalidArgumentError } from '../core/errors.ts';
import { frozenJson, type JsonValue } from '../core/json-value.ts';
import { EventSchemaVersionError, EventUpcastError } from './errors.ts';
import type { StoredEvent } from './event-adapter.ts';
import { checkName } from './event-names.ts';
import type { EventShape } from './event-shape.ts';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.ts';

/**
 * Brings the data of an event from one version of its schema to the next. Pure: it gets frozen data and gives new data,
 * and nothing of it is stored.
 */
// A method's parameter may be of a narrower type than `unknown`: an upcaster says itself what it was given.
export type Upcaster = { upcast(data: unknown): unknown }['upcast'];

/** One type of event. */
export interface EventDefinition<S extends StandardSchema = StandardSchema> {
  /** Checks the data on append; what it makes of it is stored. */
  readonly schema: S;
  /** The version of the schema, raised whenever its shape changes. Default 1. */
  readonly version?: number;
  /** How data of older versions becomes data of the next, by the older version: one for each below `version`. */
  readonly upcasters?: Readonly<Record<number, Upcaster>>;
}

/** The types of events that an application has, by name. */
export type EventDefinitions = Readonly<Record<string, EventDefinition>>;

/** The events of some definitions as they are read, as a union. */
export type EventsOf<D extends EventDefinitions> = {
  [T in keyof D & string]: EventShape<T, SchemaOutput<D[T]['schema']>>;
}[keyof D & string];

/** The events of some definitions as they are given to append, as a union. */
export type NewEventsOf<D extends EventDefinitions> = {
  [T in keyof D & string]: EventShape<T, SchemaInput<D[T]['schema']>>;
}[keyof D & string];

interface Known {
  readonly schema: StandardSchema;
  readonly version: number;
  /** That of version 1 first. */
  readonly upcasters: readonly Upcaster[];
}

/**
 * The types of events that a store takes, their schemas and how older ones become those of today: made by
 * {@link defineEvents}.
 */
export class EventRegistry<E extends EventShape = EventShape, N extends EventShape = E> {
  /** Exists for the compiler alone: the events as they are read. */
  declare readonly events?: E;
  /** Exists for the compiler alone: the events as they are appended. */
  declare readonly newEvents?: N;
  /**
   * Another one whenever what is read may differ: a version was raised, an upcaster is another. Snapshots made under
   * another one are ignored.
   */
  readonly fingerprint: string;
  readonly #known: ReadonlyMap<string, Known>;

  /** Made by {@link defineEvents}. */
  constructor(definitions: EventDefinitions) {
    this.#known = new Map(Object.entries(definitions).map(([type, definition]) => [type, check(type, definition)]));
    const upcast = [...this.#known].filter(([, { version }]) => version > 1);
    this.fingerprint =
      upcast.length === 0
        ? ''
        : checksum(upcast.map(([type, { upcasters }]) => [type, ...upcasters.map(String)]).sort());
  }

  /** The type of events of this name, if there is one. */
  get(type: string): { readonly schema: StandardSchema; readonly version: number } | undefined {
    return this.#known.get(type);
  }

  /**
   * Data of an older version as data of today, by one upcaster after the other. What the registry does not know is given
   * as it is.
   *
   * @throws {@link EventUpcastError} if an upcaster throws, or gives what is not JSON.
   * @throws {@link EventSchemaVersionError} if the version is newer than the registry knows.
   */
  upcast(event: StoredEvent, schemaVersion: number, data: JsonValue): JsonValue {
    const known = this.#known.get(event.type);
    if (!known || schemaVersion === known.version) return data;
    const { stream, version, type: eventType } = event;
    if (schemaVersion > known.version) {
      const fields = { stream, version, eventType, schemaVersion, knownVersion: known.version };
      throw new EventSchemaVersionError(fields);
    }
    let current = data;
    for (let from = schemaVersion; from < known.version; from++) {
      try {
        current = frozenJson(known.upcasters[from - 1]!(current), 'the upcaster’s result') as JsonValue;
      } catch (cause) {
        throw new EventUpcastError({ stream, version, eventType, schemaVersion: from }, { cause });
      }
    }
    return current;
  }
}

/**
 * The types of events that an application has, for an {@link EventStore} that checks them and infers their union.
 *
 * @example
 * ```ts
 * const registry = defineEvents({
 *   'task.created': { schema: z.object({ title: z.string(), done: z.boolean() }), version: 2, upcasters: {
 *     1: (data: { name: string }) => ({ title: data.name, done: false }),
 *   } },
 *   'task.done': { schema: z.object({ by: z.string() }) },
 * });
 * const store = new EventStore({ adapter, registry });
 * ```
 *
 * @throws {@link InvalidArgumentError} for a schema that is none, or an upcaster that is missing or too many.
 */
export function defineEvents<const D extends EventDefinitions>(
  definitions: D,
): EventRegistry<EventsOf<D>, NewEventsOf<D>> {
  if (typeof definitions !== 'object' || definitions === null) {
    throw new InvalidArgumentError('definitions', 'an object of event definitions', definitions);
  }
  return new EventRegistry(definitions);
}

function check(type: string, { schema, version = 1, upcasters = {} }: EventDefinition): Known {
  const path = `definitions["${checkName(type, 'the type')}"]`;
  if (typeof schema?.['~standard']?.validate !== 'function') {
    throw new InvalidArgumentError(`${path}.schema`, 'a Standard Schema (of zod, valibot, arktype, ...)', schema);
  }
  checkInteger(version, 1, `${path}.version`);
  const chain = Array.from({ length: version - 1 }, (_, index) => {
    const upcaster: unknown = upcasters[index + 1];
    if (typeof upcaster !== 'function') {
      throw new InvalidArgumentError(
        `${path}.upcasters[${index + 1}]`,
        `a function: ${path} is at ${version}`,
        upcaster,
      );
    }
    return upcaster as Upcaster;
  });
  for (const from of Object.keys(upcasters)) {
    if (Object.hasOwn(chain, Number(from) - 1)) continue;
    throw new InvalidArgumentError(`${path}.upcasters`, `only versions below ${version}`, from);
  }
  return { schema, version, upcasters: chain };
}
