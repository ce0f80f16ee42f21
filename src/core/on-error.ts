/** Told of a failure that no caller waits for. */
export type OnError = (error: unknown) => void;

/**
 * The default for such failures: loud. Throws on the next turn, as an uncaught exception, the way an `error` event
 * without a listener does.
 */
export const throwLater: OnError = (error) => {
  setImmediate(() => {
    throw error;
  });
};
