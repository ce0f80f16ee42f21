/** A file's content is another one than last reported. Frozen, and JSON. */
export interface FileChange {
  /** As the caller named it: the path given, or a path that begins with the folder given. */
  readonly path: string;
  readonly kind: 'added' | 'changed' | 'removed';
  /** SHA-256, in hex, of the content; null when removed. */
  readonly hash: string | null;
  /** The hash last reported or found at the start; null when added. */
  readonly previousHash: string | null;
  /** The whole content, as it was when the hash was taken; null when removed or when it is not UTF-8. */
  readonly text: string | null;
}
