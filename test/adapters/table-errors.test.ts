import { describe, expect, it } from 'vitest';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLKeyStore } from '../../src/adapters/postgres/postgresql-key-store.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';

const failing = (error: Error) => ({ query: () => Promise.reject(error) });
const refusedBy = (code: string, message = 'no') => Object.assign(new Error(message), { code });

/** Of names that have several addresses Node gives one without a message. */
const severalAddresses = Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:5432')], ''), {
  code: 'ECONNREFUSED',
});

describe.each([
  ['PostgreSQLEventAdapter', (error: Error) => new PostgreSQLEventAdapter(failing(error))],
  ['PostgreSQLKeyStore', (error: Error) => new PostgreSQLKeyStore(failing(error))],
  ['PostgreSQLVersionStore', (error: Error) => new PostgreSQLVersionStore(failing(error))],
] as const)('%s says why it has no tables', (_name, create) => {
  it.each([
    ['the server is down', refusedBy('ECONNREFUSED', 'connect ECONNREFUSED'), /connect ECONNREFUSED; .*can be reached/],
    ['it is down at each address', severalAddresses, /: ECONNREFUSED; .*can be reached/],
    ['the role may not', refusedBy('42501', 'permission denied'), /permission denied; give this role the right/],
    ['the password is wrong', refusedBy('28P01'), /no; nothing was changed: mend what the server says/],
  ])('%s', async (_reason, error, message) => {
    await expect(create(error).init()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringMatching(message),
      cause: error,
    });
  });
});
