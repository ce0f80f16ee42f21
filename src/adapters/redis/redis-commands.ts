import { checkMethods } from '../../core/check-argument.ts';

/**
 * The part of a Redis client that we need, by its shape: a way to send any command. Met by ioredis (`Redis`, `Cluster`)
 * with `call`, by node-redis with `sendCommand`.
 */
export type RedisClient =
  | { call(command: string, ...args: (string | number)[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> };

/** Sends one command. */
export function sendCommand(client: RedisClient, command: string, ...args: string[]): Promise<unknown> {
  // ioredis has a `sendCommand` of another shape, so `call` is looked for first.
  return 'call' in client ? client.call(command, ...args) : client.sendCommand([command, ...args]);
}

/** @throws {@link InvalidArgumentError} for what is no client, such as a URL. */
export function checkClient(client: RedisClient): RedisClient {
  if (typeof Reflect.get(Object(client), 'call') === 'function') return client;
  checkMethods(client, 'client', 'an open Redis client: of ioredis or node-redis', 'sendCommand');
  return client;
}
