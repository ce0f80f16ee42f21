import { createId } from '../core/ids.ts';

/** Ids for those events of an append that bring none. */
export class NewIds {
  /** How many were made. */
  made = 0;

  next(): string {
    this.made++;
    return createId();
  }
}
