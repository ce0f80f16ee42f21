import { messageOf } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import type { GateVerdict } from './gate.ts';

/** An error as the journal keeps it. */
export interface JournaledError {
  readonly name: string;
  readonly message: string;
  /** The stable code, where the error has one. */
  readonly code: string | null;
}

/** Why a rollback began: somebody asked for it, or gates of a stage failed while it was watched. */
export type RollbackTrigger =
  | { readonly kind: 'requested' }
  | { readonly kind: 'gate'; readonly stage: string; readonly bake: string; readonly verdicts: readonly GateVerdict[] };

/** Which half of a stage a step belongs to. */
export type StepPhase = 'forward' | 'rollback';

/** The data of each event in a migration's journal, by its type. */
export interface MigrationEventData {
  /** The first event: which stages there are, in order. */
  'migration.started': { readonly stages: readonly string[] };
  /** A runner took the migration; it is alone while it shows life at least every `leaseMs`. */
  'migration.claimed': { readonly runner: string; readonly leaseMs: number };
  /** The runner lives though it had nothing to record. */
  'migration.heartbeat': { readonly runner: string };
  /** The runner ended in order: anybody may go on. */
  'migration.released': { readonly runner: string };
  /** The stage's `prepare` begins: from here on there may be something to roll back. */
  'migration.stage.preparing': { readonly stage: string };
  /** All gates were measured once; `bake` is null before the stage starts. */
  'migration.gates.measured': {
    readonly stage: string;
    readonly bake: string | null;
    readonly verdicts: readonly GateVerdict[];
  };
  /** The entry gates passed, the stage's `run` begins. */
  'migration.stage.started': { readonly stage: string };
  /** A step is done; it is not run again, and `result` (absent: undefined) is what it gave. */
  'migration.step.completed': {
    readonly stage: string;
    readonly phase: StepPhase;
    readonly step: string;
    readonly result?: JsonValue;
  };
  /** How far a long step has come. */
  'migration.checkpoint.saved': { readonly stage: string; readonly checkpoint: string; readonly value: JsonValue };
  /** The stage ran and baked. */
  'migration.stage.completed': { readonly stage: string };
  /** `prepare` or `run` threw. Nothing was rolled back. */
  'migration.stage.failed': { readonly stage: string; readonly error: JournaledError };
  /** `stage` and every later one are to be rolled back, the last first. */
  'migration.rollback.started': { readonly stage: string; readonly trigger: RollbackTrigger };
  /** The stage is undone; its steps and checkpoints are forgotten. */
  'migration.stage.rolled_back': { readonly stage: string };
  'migration.stage.rollback_failed': { readonly stage: string; readonly error: JournaledError };
  /** Everything that was to be rolled back is. */
  'migration.rollback.completed': { readonly stage: string };
  /** Every stage is completed. */
  'migration.completed': Record<string, never>;
}

/** One entry of a migration's journal. */
export type MigrationEvent = {
  [T in keyof MigrationEventData]: { readonly type: T; readonly data: MigrationEventData[T] };
}[keyof MigrationEventData];

/** What the journal keeps of anything that was thrown. */
export function journaledError(error: unknown): JournaledError {
  const { name = 'Error', code } = error instanceof Error ? (error as Error & { code?: unknown }) : {};
  return { name, message: messageOf(error), code: typeof code === 'string' ? code : null };
}
