import type { MigrationReport } from '../../examples/migrate-zyflow/report/migration-report.ts';
import { seededRandom } from '../../examples/migrate-zyflow/workspace/random.ts';

const random = seededRandom(11);
const samples = (count: number, typicalMs: number, spread: number) =>
  Array.from(
    { length: count },
    () => typicalMs * Math.exp(spread * (random.next() + random.next() + random.next() - 1.5)),
  );

/** A report with everything in it, Korean and hostile text included. */
export const sampleReport: MigrationReport = {
  startedAt: '2026-01-05T09:00:00.000Z',
  durationMs: 41_230,
  environment: { node: 'v20.20.2', platform: 'linux x64', cpus: 2 },
  workspace: {
    path: '/tmp/zyflow/작업 <공간>',
    projects: 2,
    changes: 20,
    tasks: 482,
    notes: ['made from seed 7', 'a note with <script>alert("1")</script> & more'],
  },
  stages: [
    {
      name: 'Foundation',
      outcome: 'completed',
      fromMs: 4000,
      toMs: 7000,
      detail: 'an event store beside the old system',
    },
    { name: 'Events', outcome: 'completed', fromMs: 7000, toMs: 14_000, detail: '1,204 events from 20 files' },
    { name: 'Versions', outcome: 'completed', fromMs: 14_000, toMs: 20_000, detail: '48 conflicts, 46 settled' },
    { name: 'Resilience', outcome: 'completed', fromMs: 20_000, toMs: 26_000, detail: '10 of 10 drills' },
    { name: 'Cutover', outcome: 'rolled back', fromMs: 26_000, toMs: 37_000, detail: '전환 후 되돌림: nothing lost' },
  ],
  criteria: [
    {
      id: 'events',
      name: 'Events appended',
      bound: { relation: 'at least', value: 1000 },
      unit: 'events/s',
      measured: 28_431.7,
      detail: 'durable, one transaction each',
    },
    {
      id: 'p95',
      name: '파일 저장에서 화면까지, p95',
      bound: { relation: 'at most', value: 100 },
      unit: 'ms',
      measured: 38.44,
      detail: 'of 812 saves under load',
    },
    {
      id: 'lost',
      name: 'Acknowledged writes lost',
      bound: { relation: 'exactly', value: 0 },
      unit: '',
      measured: 0,
      detail: 'of 3,412',
    },
    {
      id: 'cache',
      name: 'Reads faster through the cache',
      bound: { relation: 'at least', value: 50 },
      unit: '%',
      measured: 71.2,
    },
    {
      id: 'errors',
      name: 'Requests that failed',
      bound: { relation: 'at most', value: 0.1 },
      unit: '%',
      measured: 0.02,
    },
    { id: 'rest', name: 'Records verified', bound: { relation: 'at least', value: 100 }, unit: '%', measured: null },
  ],
  faults: [
    {
      id: 'F1',
      title: 'Tasks of the files that are not shown',
      unit: 'tasks',
      of: 391,
      before: 167,
      after: 0,
      beforeDetail: 'improve-first-start has 32 of 32 ticked and shows 0 %',
    },
    {
      id: 'F3',
      title: 'Acknowledged ticks lost, 20 at once',
      unit: 'ticks',
      of: 20,
      before: 19,
      after: 0,
      beforeDetail: '20 acknowledged, 0 refused',
    },
    {
      id: 'F7',
      title: 'Syncs failed, 3 processes at once',
      unit: 'syncs',
      of: 180,
      before: 42,
      after: 1,
      beforeDetail: '668 of 3600 tasks missing',
    },
    {
      id: 'F8',
      title: 'New tasks refused <for> an id that is taken',
      unit: 'tasks',
      of: 10,
      before: 10,
      after: null,
      beforeDetail: 'UNIQUE constraint failed: tasks.id',
    },
    {
      id: 'LAT',
      title: 'From a saved file to the application, p95',
      unit: 'ms',
      before: 309.66,
      after: 38.4,
      beforeDetail: 'p50 237 ms, p99 321 ms of 40 saves',
    },
  ],
  latencies: [
    { name: 'A saved file is shown', system: 'legacy', samples: samples(40, 180, 1.2), targetMs: 100 },
    { name: 'A saved file is shown', system: 'new', samples: samples(800, 30, 1.1), targetMs: 100 },
    { name: 'A change is read', system: 'legacy', samples: samples(600, 1.4, 1.5) },
    { name: 'A change is read', system: 'new', samples: samples(3000, 0.3, 1.8) },
  ],
  canary: Array.from({ length: 60 }, (_, n) => ({
    atMs: 26_000 + n * 150,
    percent: [1, 5, 25, 50, 100][Math.floor(n / 12)]!,
    requests: random.integer(60, 120),
    errors: n === 17 ? 1 : 0,
    mismatches: 0,
  })),
  throughput: Array.from({ length: 70 }, (_, n) => ({
    atMs: 4000 + n * 500,
    durationMs: 500,
    reads: random.integer(100, 160) + (n > 40 ? 60 : 0),
    writes: random.integer(40, 70),
  })),
  notes: ['Rolled back from stage 5: 212 writes made after the cutover are in the legacy system.'],
};
