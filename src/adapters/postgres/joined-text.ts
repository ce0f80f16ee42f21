import { randomUUID } from 'node:crypto';

/**
 * Texts on their way to the server, many in one parameter: a driver writes and the server takes apart one long text
 * several times faster than an array, each element of which is escaped.
 */
export class JoinedTexts {
  /** In none of the texts. A control character, which JSON escapes, or something longer where a name has that. */
  readonly separator: string;

  constructor(lists: readonly (readonly string[])[]) {
    const isFree = (separator: string) => !lists.some((list) => list.some((text) => text.includes(separator)));
    let separator = '\u001f';
    while (!isFree(separator)) separator = `\u001f${randomUUID()}\u001f`;
    this.separator = separator;
  }

  /** One parameter, for `string_to_array`. It ends in the separator, and so in an empty element too many. */
  join(texts: readonly string[]): string {
    return texts.join(this.separator) + this.separator;
  }
}

/** Texts as the literal of a PostgreSQL array; empty where there are none. */
export function arrayLiteral(texts: readonly string[]): string {
  if (texts.length === 0) return '';
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
