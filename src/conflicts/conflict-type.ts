/** What kind of clash a conflict is. */
export const ConflictType = Object.freeze({
  /** Both sides gave one value a different new content. */
  FIELD_CONFLICT: 'FIELD_CONFLICT',
  /** Both sides changed the shape: different kinds of value, different orders of a list, overlapping edits of one. */
  STRUCTURAL_CONFLICT: 'STRUCTURAL_CONFLICT',
  /** One side removed what the other side changed. */
  DELETION_CONFLICT: 'DELETION_CONFLICT',
  /** The sides gave two items of a list what only one may have, or one new identity to two different items. */
  UNIQUENESS_CONFLICT: 'UNIQUENESS_CONFLICT',
});
export type ConflictType = (typeof ConflictType)[keyof typeof ConflictType];
