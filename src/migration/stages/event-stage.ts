import { checkMethods } from '../../core/check-argument.ts';
import { gate } from '../gate.ts';
import type { MigrationStage } from '../stage.ts';
import { bakeWith, type StageOptions } from './stage-options.ts';

/** Something that publishes events until it is closed: a bridge, a file watcher, a subscription. */
export interface StageEventSource {
  close(): Promise<void>;
}

/** Brings what exists already into the event store. */
export interface HistoryImport {
  readonly name: string;
  /** Must be idempotent: give the events ids that are the same at every run. What it gives, JSON or nothing, is kept in the journal. */
  run(signal: AbortSignal): Promise<unknown>;
}

/** What a comparison of the projection with the legacy data found. */
export interface ProjectionCheck {
  /** How many records were compared. */
  readonly compared: number;
  readonly differences: number;
}

/** The parts of {@link eventStage}. */
export interface EventStageOptions extends StageOptions {
  /** Each opens a source of events; called once in every process, and again if the stage runs again after a rollback. */
  readonly sources?: ReadonlyArray<() => Promise<StageEventSource>>;
  readonly imports?: readonly HistoryImport[];
  /** Compares what the events fold to with the legacy data. */
  readonly verifyProjection: (signal: AbortSignal) => Promise<ProjectionCheck>;
  /** Removes on rollback what the imports made. Default: the events stay, unused. */
  readonly discard?: (signal: AbortSignal) => Promise<void>;
}

/**
 * Stage 2: every change of the legacy system becomes an event.
 *
 * The sources are opened before the imports, so that no change falls between the two, and closed by a rollback or with the
 * runner. The stage passes only if records were compared and none differs.
 */
export function eventStage(options: EventStageOptions): MigrationStage {
  checkMethods(options, 'options', 'an object with verifyProjection()', 'verifyProjection');
  const { name = 'events', gates, bake, sources = [], imports = [], verifyProjection, discard } = options;
  const verified = gate.atMost(
    'records that differ from the projection',
    0,
    async (signal) => {
      const { compared, differences } = await verifyProjection(signal);
      return { value: differences, samples: compared };
    },
    { minimumSamples: 1, timeoutMs: 600_000 },
  );
  const open: StageEventSource[] = [];
  return {
    name,
    ...(gates && { gates }),
    bake: bakeWith([verified], bake),
    async activate() {
      try {
        for (const source of sources) open.push(await source());
      } catch (error) {
        await closeAll(open);
        throw error;
      }
    },
    deactivate: () => closeAll(open),
    async run({ step, progress }) {
      for (const [index, each] of imports.entries()) {
        await step(`import ${each.name}`, (signal) => each.run(signal));
        progress((100 * (index + 1)) / imports.length, each.name);
      }
    },
    async rollback({ step }) {
      if (discard) await step('discard', discard);
    },
  };
}

/** Closes the last first; what fails stays in the list. */
async function closeAll(open: StageEventSource[]): Promise<void> {
  for (let source = open.at(-1); source; source = open.at(-1)) {
    await source.close();
    open.pop();
  }
}
