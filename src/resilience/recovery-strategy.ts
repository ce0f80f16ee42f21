/** What went wrong, and where. */
export interface SystemFailure {
  /** Kind of the failure: decides which strategy is tried. */
  readonly type: string;
  /** The component that failed, by the name it has in the health checker. */
  readonly component: string;
  readonly error: unknown;
}

/** One kind of failure, and what to do about it. */
export interface RecoveryStrategy {
  /** One try. A result without success, or a rejection, means that it did not help. */
  execute(failure: SystemFailure, signal: AbortSignal): Promise<RecoveryResult>;
}

/** One try, as the history keeps it. */
export interface RecoveryAttempt {
  /** When it began, in ms since 1970. */
  readonly at: number;
  readonly success: boolean;
  readonly detail: string;
}

/** What became of a recovery. */
export class RecoveryResult {
  readonly success: boolean;
  /** True: everything that can be done by itself was done, and a person must look. */
  readonly requiresManualIntervention: boolean;
  /** In words. */
  readonly detail: string;
  /** Every try, in order; a strategy leaves it empty. */
  readonly attempts: readonly RecoveryAttempt[];

  private constructor(fields: {
    success: boolean;
    requiresManualIntervention: boolean;
    detail: string;
    attempts: readonly RecoveryAttempt[];
  }) {
    this.success = fields.success;
    this.requiresManualIntervention = fields.requiresManualIntervention;
    this.detail = fields.detail;
    this.attempts = Object.freeze([...fields.attempts]);
    Object.freeze(this);
  }

  static recovered(detail = 'recovered', attempts: readonly RecoveryAttempt[] = []): RecoveryResult {
    return new RecoveryResult({ success: true, requiresManualIntervention: false, detail, attempts });
  }

  /** It did not help; another try may. */
  static failed(detail: string, attempts: readonly RecoveryAttempt[] = []): RecoveryResult {
    return new RecoveryResult({ success: false, requiresManualIntervention: false, detail, attempts });
  }

  /** Nothing more can be done without a person. */
  static manual(detail: string, attempts: readonly RecoveryAttempt[] = []): RecoveryResult {
    return new RecoveryResult({ success: false, requiresManualIntervention: true, detail, attempts });
  }
}
