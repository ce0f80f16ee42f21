import type { FaultReading } from '../faults/measure-faults.ts';
import { percentile } from '../load/percentile.ts';
import { compareFaults } from '../report/compare-faults.ts';
import type {
  CanaryPoint,
  Criterion,
  MigrationReport,
  StageReading,
  ThroughputPoint,
} from '../report/migration-report.ts';
import type { ConflictFigures } from './conflict-drill.ts';
import type { Evidence } from './evidence.ts';

interface LoadEvidence {
  readonly totals: {
    readonly requests: number;
    readonly requestsOfNew: number;
    readonly errorsOfNew: number;
    readonly compared: number;
    readonly mismatches: number;
  };
  readonly acknowledged: number;
  readonly lost: number;
  readonly acknowledgedByLegacy: number;
  readonly lostByLegacy: number;
  readonly syncMs: readonly number[];
  readonly readMs: { readonly legacy: readonly number[]; readonly new: readonly number[] };
  readonly throughput: readonly ThroughputPoint[];
  readonly canary: readonly CanaryPoint[];
}

interface ReportParts {
  readonly evidence: Evidence;
  /** Why the stages did not complete. */
  readonly failure: string | undefined;
  readonly startedAt: number;
  readonly faults: { readonly before: readonly FaultReading[]; readonly after: readonly FaultReading[] };
  readonly environment: MigrationReport['environment'];
  readonly workspace: MigrationReport['workspace'];
}

/** The report, from what was measured. A figure that is missing is a criterion that is not met. */
export function buildReport({
  evidence,
  failure,
  startedAt,
  faults,
  environment,
  workspace,
}: ReportParts): MigrationReport {
  const load = evidence.get<LoadEvidence>('load');
  const stages = evidence.get<Omit<StageReading, 'detail'>[]>('stages') ?? [];
  const legacyLatency = faults.before.find(({ id }) => id === 'LAT')?.samples ?? [];
  const notes = [
    failure,
    load &&
      `Before the cutover the legacy system lost ${load.lostByLegacy} of ${load.acknowledgedByLegacy} writes it had acknowledged under the same load.`,
    noteOf(
      evidence.get<{ components: number; references: number }>('removal'),
      ({ components, references }) =>
        `Legacy removal was a dry run: ${components} components would go, ${references} references to them would have to go first.`,
    ),
    noteOf(
      evidence.get<number>('carried back'),
      (tasks) => `The rollback carried ${tasks} tasks back into the legacy tables.`,
    ),
  ].filter((note) => typeof note === 'string');
  return {
    startedAt: new Date(startedAt).toISOString(),
    durationMs: Date.now() - startedAt,
    environment,
    workspace,
    stages: stages.map((stage) => ({ ...stage, detail: detailOf(stage.name, evidence) })),
    criteria: criteria(evidence, load, faults.after),
    faults: compareFaults(faults.before, faults.after),
    latencies: [
      { name: 'saved file to application', system: 'legacy', samples: legacyLatency },
      { name: 'saved file to application, under load', system: 'new', samples: load?.syncMs ?? [], targetMs: 100 },
      { name: 'read', system: 'legacy', samples: load?.readMs.legacy ?? [] },
      { name: 'read', system: 'new', samples: load?.readMs.new ?? [], targetMs: 100 },
    ],
    canary: load?.canary ?? [],
    throughput: load?.throughput ?? [],
    notes,
  };
}

function criteria(evidence: Evidence, load: LoadEvidence | undefined, after: readonly FaultReading[]): Criterion[] {
  const syncMs = load?.syncMs.toSorted((a, b) => a - b) ?? [];
  const at = (p: number) => (syncMs.length === 0 ? null : percentile(syncMs, p));
  const latency = (p: number): Criterion => ({
    id: `sync-p${p}`,
    name: `Saved file to application, p${p}`,
    bound: { relation: 'at most', value: 100 },
    unit: 'ms',
    measured: at(p),
    detail: `${syncMs.length} saves under load`,
  });
  const conflicts = evidence.get<ConflictFigures>('conflicts');
  const cache = evidence.get<{ gainPercent: number; withoutMs: number; withMs: number; reads: number }>('cache');
  const sync = evidence.get<{ verified: number; later: number; differences: number; quarantined: number }>(
    'final synchronization',
  );
  const drills = evidence.get<{ drills: number; recovered: number }>('drills');
  const closing = evidence.get<{ writes: number; lost: number }>('closing work');
  const rollback = evidence.get<{ writes: number; lost: number }>('rollback');
  const checked = sync && sync.verified + sync.differences + sync.quarantined;
  return [
    {
      id: 'events',
      name: 'Durable events appended',
      bound: { relation: 'at least', value: 1000 },
      unit: 'events/s',
      measured: evidence.get<number>('events per second') ?? null,
      detail: 'one by one, SQLite',
    },
    latency(95),
    {
      id: 'lost',
      name: 'Acknowledged writes lost',
      bound: { relation: 'exactly', value: 0 },
      unit: '',
      measured: load && closing ? load.lost + closing.lost : null,
      detail: `${(load?.acknowledged ?? 0) + (closing?.writes ?? 0)} writes owned by the new system`,
    },
    latency(50),
    // The two slowest of some 200 saves: what else the machine did just then may be all they tell.
    { ...latency(99), decides: false },
    {
      id: 'conflicts-resolved',
      name: 'Conflicts resolved by themselves',
      bound: { relation: 'at least', value: 80 },
      unit: '%',
      measured: conflicts && conflicts.conflicts > 0 ? (100 * conflicts.resolved) / conflicts.conflicts : null,
      detail: `${conflicts?.conflicts ?? 0} found in ${conflicts?.records ?? 0} pairs of edits`,
    },
    {
      id: 'conflicts-kept',
      name: 'Changes kept in the state or in a record',
      bound: { relation: 'exactly', value: 100 },
      unit: '%',
      measured: conflicts && conflicts.changes > 0 ? (100 * conflicts.kept) / conflicts.changes : null,
      detail: `${conflicts?.changes ?? 0} changes`,
    },
    {
      id: 'cache',
      name: 'Reads faster with the cache',
      bound: { relation: 'at least', value: 50 },
      unit: '%',
      measured: cache?.gainPercent ?? null,
      detail: cache ? `${cache.withoutMs.toFixed(2)} → ${cache.withMs.toFixed(2)} ms, median of ${cache.reads}` : '',
    },
    {
      id: 'recovered',
      name: 'Injected failures recovered',
      bound: { relation: 'at least', value: 90 },
      unit: '%',
      measured: drills && drills.drills > 0 ? (100 * drills.recovered) / drills.drills : null,
      detail: `${drills?.drills ?? 0} drills`,
    },
    {
      id: 'errors',
      name: 'Error rate of the new system',
      bound: { relation: 'at most', value: 0.1 },
      unit: '%',
      measured:
        load && load.totals.requestsOfNew > 0 ? (100 * load.totals.errorsOfNew) / load.totals.requestsOfNew : null,
      detail: `${load?.totals.requestsOfNew ?? 0} requests`,
    },
    {
      id: 'shadow',
      name: 'Shadow answers that differ',
      bound: { relation: 'exactly', value: 0 },
      unit: '',
      measured: load && load.totals.compared > 0 ? load.totals.mismatches : null,
      detail: `${load?.totals.compared ?? 0} compared`,
    },
    {
      id: 'verified',
      name: 'Records verified by checksum',
      bound: { relation: 'exactly', value: 100 },
      unit: '%',
      measured: sync && checked ? (100 * sync.verified) / checked : null,
      detail: `${checked ?? 0} records, ${sync?.later ?? 0} of them newer in the new system`,
    },
    {
      id: 'rollback',
      name: 'Writes after the cutover lost by the rollback',
      bound: { relation: 'exactly', value: 0 },
      unit: '',
      measured: rollback?.lost ?? null,
      detail: `${rollback?.writes ?? 0} writes`,
    },
    {
      id: 'faults',
      name: 'Faults of the legacy system left',
      bound: { relation: 'exactly', value: 0 },
      unit: '',
      measured: after.length === 0 ? null : after.filter(({ id, value }) => id !== 'LAT' && value !== 0).length,
      detail: `${after.length - 1} measured again`,
    },
  ];
}

function detailOf(stage: string, evidence: Evidence): string {
  switch (stage) {
    case 'foundation':
      return `${evidence.get<number>('events per second') ?? '?'} durable appends a second`;
    case 'events': {
      const found = evidence.get<{ compared: number; differences: number }>('projection');
      return found ? `${found.compared} tasks compared with their files, ${found.differences} differ` : '';
    }
    case 'versioning': {
      const found = evidence.get<ConflictFigures>('conflicts');
      return found ? `${found.resolved} of ${found.conflicts} conflicts settled by themselves` : '';
    }
    case 'resilience': {
      const found = evidence.get<{ drills: number; recovered: number }>('drills');
      return found ? `${found.recovered} of ${found.drills} injected faults recovered` : '';
    }
    default: {
      const found = evidence.get<{ verified: number }>('final synchronization');
      return found ? `${found.verified} records verified` : '';
    }
  }
}

const noteOf = <T>(value: T | undefined, write: (value: T) => string) =>
  value === undefined ? undefined : write(value);
