import type { ShownPart } from './shorten-parts.ts';

/** A conflict in words, side by side. */
export interface ConflictView {
  readonly id: string;
  readonly title: string;
  readonly facts: string;
  readonly reason: string;
  /** What stands in the base, locally and remotely. */
  readonly sides: readonly SideView[];
}

/** What one version has there. */
export interface SideView {
  readonly name: 'base' | 'local' | 'remote';
  /** When and by whom it was written; empty if that is not known. */
  readonly stamp: string;
  /** None if there is nothing. */
  readonly value: readonly ShownPart[] | undefined;
}
