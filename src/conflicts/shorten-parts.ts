/** A part of a value as it is shown: what others have too, what they have not, or a note that something is left out. */
export interface ShownPart {
  readonly kind: 'same' | 'changed' | 'cut';
  readonly text: string;
}

/** Characters that stay before and after what is changed. */
const around = 40;

/** The parts, little longer than asked: first what is the same is cut, then the middle of long changes, then what comes last. */
export function shortenParts(parts: readonly ShownPart[], maxLength: number): readonly ShownPart[] {
  const length = parts.reduce((sum, { text }) => sum + text.length, 0);
  if (length <= maxLength) return parts;
  const shown: ShownPart[] = [];
  let left = 2 * maxLength;
  for (const [at, part] of parts.entries()) {
    if (left <= 0) {
      shown.push(cut(parts.slice(at)));
      break;
    }
    const half = Math.ceil(maxLength / 2);
    const pieces =
      part.kind === 'changed' || parts.length === 1
        ? cutMiddle(part, half, half)
        : cutMiddle(part, at === 0 ? 0 : around, at === parts.length - 1 ? 0 : around);
    for (const piece of pieces) if (piece.kind !== 'cut') left -= piece.text.length;
    shown.push(...pieces);
  }
  return shown;
}

/** A text, without its middle if it is much longer than asked. */
export function shorten(text: string, maxLength: number): string {
  const half = Math.ceil(maxLength / 2);
  return cutMiddle({ kind: 'same', text }, half, half)
    .map((part) => part.text)
    .join('');
}

function cutMiddle(part: ShownPart, before: number, after: number): ShownPart[] {
  const { kind, text } = part;
  // A note is as long as what it would save.
  if (text.length <= before + after + 20) return [part];
  const start = isSecondHalf(text, before) ? before - 1 : before;
  const end = isSecondHalf(text, text.length - after) ? text.length - after + 1 : text.length - after;
  const pieces: ShownPart[] = [
    { kind, text: text.slice(0, start) },
    cut([{ kind, text: text.slice(start, end) }]),
    { kind, text: text.slice(end) },
  ];
  return pieces.filter((piece) => piece.text !== '');
}

function cut(parts: readonly ShownPart[]): ShownPart {
  const characters = parts.reduce((sum, { text }) => sum + text.length, 0);
  const changes = parts.filter(({ kind }) => kind === 'changed').length;
  const what = parts.length > 1 && changes > 0 ? `characters with ${changes} more changes` : 'characters';
  return { kind: 'cut', text: `… ${characters} ${what} …` };
}

/** Whether a cut here would go through a character. */
export const isSecondHalf = (text: string, at: number) => /[\uDC00-\uDFFF]/.test(text.charAt(at));
