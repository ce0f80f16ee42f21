import { checkMethods } from '../core/check-argument.ts';
import { checkInteger } from '../core/check-integer.ts';
import type { EventQuery } from '../core/event-query.ts';
import { checkSubscriptionName, ownCheckpoint } from './checkpoint-names.ts';
import { checkQuery } from './event-names.ts';
import type { RecordedEvent } from './recorded-event.ts';

/**
 * A read model that is kept by events in the same database, in the same transactions.
 *
 * @typeParam Client - What the adapter works on inside a transaction: a `pg` client, an SQLite database, nothing in memory.
 */
export interface Projection<Client = unknown> {
  /** Its checkpoints are kept under this name. Does not begin with `$`. */
  readonly name: string;
  /** To be raised when what it makes of the events changes. Each version has a target of its own. Default 1. */
  readonly version?: number | undefined;
  /** Only events that match. Default: all. */
  readonly query?: EventQuery | undefined;
  /**
   * Applies one event through the transaction's client. On a synchronous database (SQLite) it must not return a promise.
   *
   * @param target - Name and version as one, such as `orders_v2`: to be a part of the names of the tables.
   */
  handle(event: RecordedEvent, client: Client, target: string): void | Promise<void>;
  /** Makes an empty target, whatever was there before. Called in a transaction before the first event. */
  reset?(client: Client, target: string): void | Promise<void>;
  /** Removes a target that is no longer wanted. Called in a transaction. */
  drop?(client: Client, target: string): void | Promise<void>;
}

/** A projection checked, with its defaults filled in. */
export interface ProjectionPlan {
  readonly name: string;
  readonly version: number;
  readonly query: EventQuery | undefined;
  readonly target: string;
  /** The name of its checkpoint, and what its parked events are kept under. */
  readonly checkpoint: string;
  readonly projection: Projection;
}

/** @throws {@link InvalidArgumentError} naming what is wrong. */
export function projectionPlan(projection: Projection, what = 'projection'): ProjectionPlan {
  checkMethods(projection, what, 'a projection with a function `handle`', 'handle');
  const { name, version = 1, query } = projection;
  checkSubscriptionName(name, `${what}.name`);
  checkInteger(version, 1, `${what}.version`);
  return {
    name,
    version,
    query: query && checkQuery(query, `${what}.query`),
    target: `${name}_v${version}`,
    checkpoint: ownCheckpoint('projection', name, version),
    projection,
  };
}

/** The record of which version of a projection is the live one. */
export function liveVersionName(name: string): string {
  return ownCheckpoint('projection', name);
}
