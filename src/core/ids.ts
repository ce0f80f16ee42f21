import { randomUUID } from 'node:crypto';

/** A new random id (UUID version 4). */
export function createId(): string {
  return randomUUID();
}
