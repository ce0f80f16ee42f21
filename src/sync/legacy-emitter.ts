/** Any emitter with `on`: of node:events, eventemitter3, mitt, or one of `instrumentSync`. */
export interface LegacyEmitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off?(event: string, listener: (...args: unknown[]) => void): unknown;
  removeListener?(event: string, listener: (...args: unknown[]) => void): unknown;
}
