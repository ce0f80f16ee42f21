// A program that migrates, for migration-kill.test.ts: node --import tsx migration-program.ts FOLDER SCENARIO MOMENTS.
// It kills itself with SIGKILL after so many of the things it does, and otherwise prints how it ended.
import { join } from 'node:path';
import { SqliteEventAdapter } from '../../src/adapters/sqlite/sqlite-event-adapter.ts';
import { isMigrationError } from '../../src/core/errors.ts';
import { EventStore } from '../../src/events/event-store.ts';
import { gate } from '../../src/migration/gate.ts';
import { MigrationRunner } from '../../src/migration/migration-runner.ts';
import type { MigrationStage, StageContext } from '../../src/migration/stage.ts';
import { openSqlite } from '../sqlite-driver.ts';

const [folder, scenario, moments] = process.argv.slice(2) as [string, 'sound' | 'failing', string];
let left = Number(moments);
const moment = () => {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};

const journal = openSqlite(join(folder, 'journal.db'));
journal.exec('PRAGMA journal_mode = WAL');
const world = openSqlite(join(folder, 'world.db'));
world.exec('PRAGMA journal_mode = WAL');
world.exec('CREATE TABLE IF NOT EXISTS effects (name TEXT PRIMARY KEY)');
const set = world.prepare('INSERT OR IGNORE INTO effects VALUES (?)');
const unset = world.prepare('DELETE FROM effects WHERE name = ?');

const apply = ({ step }: StageContext, name: string) =>
  step(name, async () => {
    moment();
    set.run(name);
    moment();
    return { name };
  });
const undo = ({ step }: StageContext, name: string) =>
  step(`undo ${name}`, async () => {
    unset.run(name);
    moment();
  });

const names = (stage: string) => ['one', 'two', 'three'].map((name) => `${stage} ${name}`);
const stage = (name: string, value: number): MigrationStage => ({
  name,
  prepare: async (context) => void (await apply(context, `${name} captured`)),
  gates: [gate.atMost('lag', 5, () => 1)],
  run: async (context) => {
    const rows = context.checkpoint<number>('rows');
    for (let row = (await rows.load()) ?? 0; row < 3; row++) await rows.save(row + 1);
    for (const each of names(name)) await apply(context, each);
  },
  bake: { durationMs: 6, intervalMs: 2, gates: [gate.atMost('errors', 5, () => value)] },
  rollback: async (context) => {
    for (const each of [...names(name), `${name} captured`]) await undo(context, each);
  },
});

const store = new EventStore({ adapter: new SqliteEventAdapter(journal) });
const stages = [stage('a', 1), stage('b', scenario === 'failing' ? 9 : 1), stage('c', 1)];
const runner = new MigrationRunner({ name: 'm', stages, store, onEvent: moment });
const outcome = await runner.resume({ takeOver: true }).then(
  (status) => status.state,
  (error: unknown) => (isMigrationError(error) ? error.code : String(error)),
);
const effects = world.prepare('SELECT name FROM effects ORDER BY name').all();
const status = (await runner.status()).stages.map(({ name, state, steps }) => ({ name, state, steps }));
process.stdout.write(JSON.stringify({ outcome, effects, status }));
