// A process of the bank soak, until it is killed: moves money between accounts, and adds all of it up.
// Arguments: url, schema, concurrency control, isolation level, how many accounts. Says on stdout what it did, a line each.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PostgreSQLEventAdapter } from '../../src/adapters/postgres/postgresql-event-adapter.ts';
import { PostgreSQLLockManager } from '../../src/adapters/postgres/postgresql-lock-manager.ts';
import { PostgreSQLVersionStore } from '../../src/adapters/postgres/postgresql-version-store.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import type { IsolationLevel } from '../../src/state/isolation-level.ts';
import { StateManager } from '../../src/state/state-manager.ts';
import { account, type BankLine } from './bank-lines.ts';

const [connectionString, schema, control, level, count] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];

const isPessimistic = control === 'pessimistic';
const pool = new pg.Pool({ connectionString, max: 3 });
const lockPool = new pg.Pool({ connectionString, max: 3 });
const manager = new StateManager<number>({
  store: new PostgreSQLVersionStore(pool, { schema }),
  events: { log: new EventStore({ adapter: new PostgreSQLEventAdapter(pool, { schema }) }) },
  isolationLevel: level as IsolationLevel,
  ...(isPessimistic && {
    concurrencyControl: 'pessimistic',
    locks: new PostgreSQLLockManager(lockPool, { namespace: schema }),
  }),
});

const say = (line: BankLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const some = (limit: number) => Math.floor(Math.random() * limit);

async function transfer(): Promise<void> {
  const from = some(Number(count));
  const to = (from + 1 + some(Number(count) - 1)) % Number(count);
  let tries = 0;
  try {
    const amount = await manager.transaction(async (transaction) => {
      tries++;
      const balance = (await transaction.read(account(from)))!.state;
      const other = (await transaction.read(account(to)))!.state;
      const moved = some(balance + 1);
      await transaction.write(account(from), balance - moved);
      await transaction.write(account(to), other + moved);
      return moved;
    });
    say({ what: 'made', amount, retries: tries - 1 });
  } catch (error) {
    const isExpected = ['CONCURRENCY_CONFLICT', 'DEADLOCK', 'LOCK_TIMEOUT'].some((code) =>
      isMigrationError(error, code),
    );
    if (!isExpected) throw error;
    say({ what: 'aborted', code: (error as { code: string }).code, retries: tries - 1 });
  }
}

async function audit(): Promise<void> {
  const options = { isolationLevel: 'repeatable_read', readOnly: true } as const;
  const sum = await manager.transaction(async (transaction) => {
    let total = 0;
    for await (const { state } of transaction.scan(account(''), { batchSize: 7 })) total += state;
    return total;
  }, options);
  say({ what: 'read', sum });
}

async function forEver(work: () => Promise<void>, pauseMs: number): Promise<never> {
  for (;;) {
    await work();
    await sleep(pauseMs);
  }
}

say({ what: 'ready' });
await Promise.all([forEver(transfer, 0), forEver(transfer, 0), forEver(audit, 200)]);
