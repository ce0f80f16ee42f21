/**
 * Whether a value is a promise where none may be. If so nobody waits for it, and its failure is no longer told: that it is
 * there at all is the error.
 */
export function isUnwantedPromise(value: unknown): boolean {
  if (typeof (value as { then?: unknown } | undefined | null)?.then !== 'function') return false;
  (value as Promise<unknown>).then(undefined, () => {});
  return true;
}
