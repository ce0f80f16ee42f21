/** What a shadow call showed against the primary answer. */
export type ShadowOutcome<R, A> =
  | { readonly kind: 'match'; readonly request: R; readonly primary: A; readonly shadow: A }
  | { readonly kind: 'mismatch'; readonly request: R; readonly primary: A; readonly shadow: A }
  | { readonly kind: 'failed'; readonly request: R; readonly primary: A; readonly error: unknown }
  | { readonly kind: 'skipped'; readonly request: R; readonly reason: string };

/** Asking the system that does not answer the request too, and comparing. For requests that change nothing. */
export interface ShadowOptions<R, A> {
  /** Which requests may be asked twice, for instance only reads. Default: all. */
  readonly applies?: (request: R) => boolean;
  /** Whether two answers say the same. Default: equal JSON content. */
  readonly equal?: (primary: A, shadow: A, request: R) => boolean | Promise<boolean>;
  /** Share of the requests that are shadowed, in percent 0-100. Default 100. */
  readonly samplePercentage?: number;
  /** A shadow call that takes longer counts as failed. Default 1000. */
  readonly timeoutMs?: number;
  /** More shadow calls than this are not under way at once; further ones are skipped. Default 100. */
  readonly maxInFlight?: number;
  /** Told of every outcome. */
  readonly onOutcome: (outcome: ShadowOutcome<R, A>) => void;
}
