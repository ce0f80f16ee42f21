/** A conflict in words, side by side. */
export interface ConflictView {
  readonly id: string;
  readonly title: string;
  readonly facts: string;
  readonly reason: string;
  /** What stands in the base, locally and remotely. */
  readonly sides: readonly { readonly name: string; readonly stamp: string; readonly value: string }[];
}
