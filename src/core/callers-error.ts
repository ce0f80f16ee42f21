/** What the caller's own work in a transaction threw, as `cause`: he gets it as it is, unlike the storage's errors. */
export class CallersError extends Error {
  constructor(cause: unknown) {
    super('the work in the transaction failed', { cause });
  }
}
