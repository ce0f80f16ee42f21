const around = 40;

/**
 * The texts, none much longer than asked. What all begin and end with is cut out first, but for a few characters around the
 * difference, so that what differs is what is seen.
 */
export function shortenTogether(texts: readonly string[], maxLength: number): readonly string[] {
  if (texts.every((text) => text.length <= maxLength)) return texts;
  // A value that is absent has nothing in common with the others, and need not.
  const present = texts.filter((text) => text.length > maxLength / 2);
  const [first = ''] = present;
  let start = Math.max(0, commonStart(present) - around);
  if (isSecondHalf(first, start)) start--;
  let end = Math.max(0, commonEnd(present, start) - around);
  if (end > 0 && isSecondHalf(first, first.length - end)) end--;
  return texts.map((text) => {
    if (!present.includes(text)) return text;
    const middle = Array.from(text.slice(start, text.length - end));
    const shown = middle.length <= maxLength ? middle.join('') : halves(middle, maxLength);
    return `${start > 0 ? `… ${start} characters …` : ''}${shown}${end > 0 ? `… ${end} characters …` : ''}`;
  });
}

function halves(characters: readonly string[], maxLength: number): string {
  const half = Math.floor(maxLength / 2);
  const left = characters.slice(0, half).join('');
  return `${left}… ${characters.length - 2 * half} characters …${characters.slice(characters.length - half).join('')}`;
}

function commonStart(texts: readonly string[]): number {
  const [first = '', ...others] = texts;
  let at = 0;
  while (at < first.length && others.every((text) => text[at] === first[at])) at++;
  return others.length === 0 ? 0 : at;
}

function commonEnd(texts: readonly string[], start: number): number {
  const [first = '', ...others] = texts;
  const longest = Math.min(...texts.map(({ length }) => length)) - start;
  let at = 0;
  while (at < longest && others.every((text) => text.at(-1 - at) === first.at(-1 - at))) at++;
  return others.length === 0 ? 0 : at;
}

/** Whether a cut here would go through a character. */
const isSecondHalf = (text: string, at: number) => /[\uDC00-\uDFFF]/.test(text.charAt(at));
