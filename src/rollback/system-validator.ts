/** What a check of the whole system found. */
export interface SystemValidity {
  readonly isValid: boolean;
  /** What is wrong, in words; empty when nothing is. */
  readonly errors: readonly string[];
}

/** Looks at the whole system before and after a rollback. */
export interface SystemValidator<State = unknown> {
  /** Whatever a strategy needs to bring the present state back. */
  captureState(options?: { readonly signal?: AbortSignal | undefined }): Promise<State>;
  /** Whether the system is sound, given the state captured before. */
  validate(capturedState: State, options?: { readonly signal?: AbortSignal | undefined }): Promise<SystemValidity>;
}
