/** How well something is. */
export type Health = 'healthy' | 'degraded' | 'unhealthy';

/** What a look at every component found. */
export interface HealthSummary {
  /** The worst of the components; healthy where there is none. */
  readonly status: Health;
  readonly components: Readonly<Record<string, { readonly status: Health; readonly detail?: string | undefined }>>;
}

/** Where health comes from; a `HealthChecker` is one. */
export interface HealthSource<S extends HealthSummary = HealthSummary> {
  check(options?: { readonly signal?: AbortSignal | undefined }): Promise<S>;
}
