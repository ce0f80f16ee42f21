/**
 * Whether each statement of the transaction sees what was committed before it, as SQL. Where it does not, what is looked
 * up under a lock may be of a time before the lock.
 */
export const readsCommitted = `current_setting('transaction_isolation') in ('read committed', 'read uncommitted')`;

/** @param done - What is refused: `read` or `written`. */
export const raiseIsolation = (done: string) =>
  `raise exception 'events are ${done} in READ COMMITTED only, not in %', current_setting('transaction_isolation')
          using hint = 'set default_transaction_isolation to ''read committed'' for this connection';`;

/** The function that writing ends in where the isolation level is not {@link readsCommitted}. */
export function refuseIsolation(schema: string): string {
  return `create function ${schema}.refuse_isolation_v1() returns text
    language plpgsql volatile as $$
    begin
      ${raiseIsolation('written')}
    end $$`;
}
