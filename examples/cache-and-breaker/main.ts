// A cold cache under a stampede; then the database behind it goes down and comes back.
import assert from 'node:assert/strict';
import {
  AutoRecoveryManager,
  CircuitBreaker,
  CircuitBreakerOpenError,
  HealthChecker,
  MemoryCacheProvider,
  MultiLevelCache,
  RecoveryResult,
} from '@zyflow/migration';

let isUp = true;
let queries = 0;
async function query(id: string): Promise<{ id: string; title: string }> {
  queries++;
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (!isUp) throw new Error('connection refused');
  return { id, title: `change ${id}` };
}

const cache = new MultiLevelCache(new MemoryCacheProvider({ max: 100 }), new MemoryCacheProvider({ max: 10_000 }));
const breaker = new CircuitBreaker(3, 50, { onStateChange: (state) => console.log(`  the circuit is ${state}`) });
const read = (id: string) => cache.getOrLoad(id, () => breaker.execute(() => query(id)), { ttl: 60 });

console.log('1000 reads of a cold key at once');
await Promise.all(Array.from({ length: 1000 }, () => read('a')));
console.log(`  ${queries} query`);
assert.equal(queries, 1);

console.log('the database goes down, 50 other keys are asked for');
isUp = false;
queries = 0;
let failedFast = 0;
for (let n = 0; n < 50; n++) {
  await read(`cold ${n}`).catch((error: unknown) => {
    if (error instanceof CircuitBreakerOpenError) failedFast++;
  });
}
console.log(
  `  ${queries} queries, ${failedFast} failed at once; the cached key still answers: ${(await read('a')).title}`,
);
assert.deepEqual([queries, failedFast], [3, 47]);

console.log('recovery: two callers report the failure');
let reconnects = 0;
const health = new HealthChecker();
health.register('database', async () => ({ status: isUp ? 'healthy' : 'unhealthy' }));
const reconnect = {
  async execute() {
    reconnects++;
    isUp = reconnects >= 2; // the first try does not help
    return RecoveryResult.recovered('reconnected');
  },
};
const recovery = new AutoRecoveryManager(health, new Map([['connection_lost', reconnect]]), {
  backoff: { initialMs: 5 },
});
const failure = { type: 'connection_lost', component: 'database', error: new Error('connection refused') };
const [one, other] = await Promise.all([recovery.handleFailure(failure), recovery.handleFailure(failure)]);
console.log(
  `  ${one.attempts.map(({ success, detail }) => `${success ? 'helped' : 'did not help'}: ${detail}`).join('; ')}`,
);
assert.equal(one, other);
assert.deepEqual([one.success, reconnects], [true, 2]);

console.log('the circuit lets a trial through and closes');
while (breaker.state === 'open') await new Promise((resolve) => setTimeout(resolve, 5));
console.log(`  ${(await read('b')).title}`);
assert.equal(breaker.state, 'closed');

breaker.shutdown();
await recovery.close();
await cache.close();
