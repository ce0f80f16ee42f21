/** What a text has as a whole: a byte order mark, and the line ends. */
export interface FileFormat {
  readonly mark: string;
  /** Undefined if there are none or several kinds. */
  readonly lineEnd: '\n' | '\r\n' | undefined;
  readonly isMixed: boolean;
}

/** The format of a text. */
export function formatOf(text: string): FileFormat {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const ends = text.split('\n').length - 1;
  const crlf = text.split('\r\n').length - 1;
  const isMixed = crlf > 0 && crlf < ends;
  return { mark, lineEnd: ends === 0 || isMixed ? undefined : crlf > 0 ? '\r\n' : '\n', isMixed };
}

/** The format that a merge of these has, as a field of its own: who changed it, changes it (CRLF if both add line ends). */
export function mergeFormats(base: FileFormat, local: FileFormat, remote: FileFormat): FileFormat {
  const pick = <T>(before: T, ours: T, theirs: T) => (before === ours ? theirs : ours);
  const ends = [local.lineEnd, remote.lineEnd].map((end) => end ?? base.lineEnd);
  return {
    mark: pick(base.mark, local.mark, remote.mark),
    lineEnd: base.lineEnd ? pick(base.lineEnd, ends[0], ends[1]) : ends.includes('\r\n') ? '\r\n' : ends[0] || ends[1],
    isMixed: base.isMixed || local.isMixed || remote.isMixed,
  };
}

/** The text without its mark, and with plain line ends unless some are of another kind: those are left as they are. */
export function toPlain(text: string, { isMixed }: FileFormat): string {
  const unmarked = text.startsWith('\uFEFF') ? text.slice(1) : text;
  return isMixed ? unmarked : unmarked.replaceAll('\r\n', '\n');
}

/** The text in a format: undoes {@link toPlain}. */
export function fromPlain(text: string, { mark, lineEnd, isMixed }: FileFormat): string {
  return mark + (lineEnd === '\r\n' && !isMixed ? text.replaceAll('\n', '\r\n') : text);
}
