import type { JsonValue } from '../core/json-value.ts';
import { JournalMismatchError } from './errors.ts';
import type { GateVerdict } from './gate.ts';
import type { JournaledError, MigrationEvent, RollbackTrigger, StepPhase } from './journal-event.ts';
import type { MigrationState, MigrationStatus, StageState } from './migration-status.ts';

/** What the journal says of one stage. */
export interface StageRecord {
  readonly name: string;
  state: StageState;
  /** Results of the steps done, by phase and name. */
  readonly steps: Readonly<Record<StepPhase, Map<string, JsonValue | undefined>>>;
  readonly checkpoints: Map<string, JsonValue>;
  /** The latest verdict of each gate. */
  verdicts: readonly GateVerdict[];
  error: JournaledError | null;
}

/** Who has the migration, and when it was last heard of (ms since 1970). */
export interface Claim {
  readonly runner: string;
  readonly leaseMs: number;
  seenAt: number;
}

/** A migration as its journal tells it: nothing but a fold over the events, so any process sees the same (MR1). */
export class JournalState {
  readonly migration: string;
  /** How many events were folded. */
  version = 0;
  readonly #stages = new Map<string, StageRecord>();
  claim: Claim | null = null;
  /** The rollback that is under way. */
  rollback: { readonly stage: string; readonly trigger: RollbackTrigger } | null = null;
  completed = false;
  #rolledBack = false;

  /** @param stages - The names of the stages the runner has, in order; the journal must have been begun with the same. */
  constructor(migration: string, stages: readonly string[]) {
    this.migration = migration;
    for (const stage of stages) this.#stages.set(stage, newRecord(stage));
  }

  /** Folds the next event in; `at` is its time in ms since 1970. */
  apply(event: MigrationEvent, at: number): void {
    this.version += 1;
    if (this.claim) this.claim.seenAt = at;
    switch (event.type) {
      case 'migration.started':
        this.#assertSameStages(event.data.stages);
        return;
      case 'migration.claimed':
        this.claim = { ...event.data, seenAt: at };
        this.#rolledBack = false;
        for (const stage of this.#stages.values()) stage.error = null;
        return;
      case 'migration.heartbeat':
        return;
      case 'migration.released':
        this.claim = null;
        return;
      case 'migration.stage.preparing':
        this.stage(event.data.stage).state = 'preparing';
        return;
      case 'migration.gates.measured':
        this.stage(event.data.stage).verdicts = event.data.verdicts;
        return;
      case 'migration.stage.started':
        this.stage(event.data.stage).state = 'running';
        return;
      case 'migration.step.completed':
        this.stage(event.data.stage).steps[event.data.phase].set(event.data.step, event.data.result);
        return;
      case 'migration.checkpoint.saved':
        this.stage(event.data.stage).checkpoints.set(event.data.checkpoint, event.data.value);
        return;
      case 'migration.stage.completed':
        this.stage(event.data.stage).state = 'completed';
        return;
      case 'migration.stage.failed':
      case 'migration.stage.rollback_failed':
        this.stage(event.data.stage).error = event.data.error;
        return;
      case 'migration.rollback.started':
        this.rollback = event.data;
        this.completed = false;
        return;
      case 'migration.stage.rolled_back': {
        const { verdicts } = this.stage(event.data.stage);
        this.#stages.set(event.data.stage, { ...newRecord(event.data.stage), state: 'rolled_back', verdicts });
        return;
      }
      case 'migration.rollback.completed':
        this.rollback = null;
        this.#rolledBack = true;
        return;
      case 'migration.completed':
        this.completed = true;
        return;
      default:
        throw new JournalMismatchError(
          this.migration,
          `event ${this.version} is of the unknown type "${(event as { type: string }).type}". A later version of the library may have written it: use that one`,
        );
    }
  }

  stage(name: string): StageRecord {
    const stage = this.#stages.get(name);
    if (stage) return stage;
    throw new JournalMismatchError(this.migration, `there is no stage "${name}", only ${this.#names()}`);
  }

  /** Until when the runner that has the migration is believed alive, in ms since 1970; 0 when nobody has it. */
  get leaseExpiresAt(): number {
    return this.claim ? this.claim.seenAt + this.claim.leaseMs : 0;
  }

  status(): MigrationStatus {
    return Object.freeze({
      name: this.migration,
      state: this.#state(),
      stages: Object.freeze(
        [...this.#stages.values()].map(({ name, state, steps, verdicts, error }) =>
          Object.freeze({ name, state, steps: Object.freeze([...steps.forward.keys()]), verdicts, error }),
        ),
      ),
      runner: this.claim && Object.freeze({ id: this.claim.runner, leaseExpiresAt: new Date(this.leaseExpiresAt) }),
    });
  }

  #assertSameStages(recorded: readonly string[]): void {
    const same =
      recorded.length === this.#stages.size && [...this.#stages.keys()].every((name, i) => name === recorded[i]);
    if (same) return;
    throw new JournalMismatchError(
      this.migration,
      `it was started with the stages ${recorded.join(', ')}, this runner has ${this.#names()}. Run it with the stages it began with`,
    );
  }

  #names(): string {
    return [...this.#stages.keys()].join(', ');
  }

  #state(): MigrationState {
    const failed = [...this.#stages.values()].some((stage) => stage.error !== null);
    if (this.version === 0) return 'new';
    if (this.rollback) return failed ? 'rollback_failed' : 'rolling_back';
    if (this.claim) return 'running';
    if (this.completed) return 'completed';
    if (failed) return 'failed';
    return this.#rolledBack ? 'rolled_back' : 'stopped';
  }
}

function newRecord(name: string): StageRecord {
  return {
    name,
    state: 'pending',
    steps: { forward: new Map(), rollback: new Map() },
    checkpoints: new Map(),
    verdicts: [],
    error: null,
  };
}
