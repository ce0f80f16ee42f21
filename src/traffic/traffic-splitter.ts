/** The two systems a request can go to. */
export type TrafficTarget = 'legacy' | 'new';

/** Decides which system answers a request. */
export interface TrafficSplitter<R> {
  determineTarget(request: R): Promise<TrafficTarget>;
}
