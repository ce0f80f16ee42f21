/** What a text has as a whole. */
export interface FileFormat {
  /** A byte order mark, or nothing. */
  readonly mark: string;
  /** Undefined if there are none or several kinds. */
  readonly lineEnd: '\n' | '\r\n' | undefined;
  /** Whether there are several kinds of line ends. */
  readonly isMixed: boolean;
  /** Whether the last line has no end. */
  readonly isOpen: boolean;
}

/** The format of a text. */
export function formatOf(text: string): FileFormat {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const ends = text.split('\n').length - 1;
  const crlf = text.split('\r\n').length - 1;
  const isMixed = crlf > 0 && crlf < ends;
  const lineEnd = ends === 0 || isMixed ? undefined : crlf > 0 ? '\r\n' : '\n';
  return { mark, lineEnd, isMixed, isOpen: text !== mark && !/[\r\n]$/.test(text) };
}

/** The format of a merged text: of each part, what a side made of it. CRLF if both sides write the first line ends. */
export function mergeFormats(base: FileFormat, local: FileFormat, remote: FileFormat): FileFormat {
  const pick = <T>(before: T, ours: T, theirs: T) => (before === ours ? theirs : ours);
  const [ours, theirs] = [local.lineEnd ?? base.lineEnd, remote.lineEnd ?? base.lineEnd];
  const first = ours === '\r\n' || theirs === '\r\n' ? '\r\n' : (ours ?? theirs);
  return {
    mark: pick(base.mark, local.mark, remote.mark),
    lineEnd: base.lineEnd ? pick(base.lineEnd, ours, theirs) : first,
    isMixed: base.isMixed || local.isMixed || remote.isMixed,
    isOpen: pick(base.isOpen, local.isOpen, remote.isOpen),
  };
}

/** The text without its mark, each line with an end, and each end `\n` unless there are several kinds in `format`. */
export function toPlain(text: string, { isMixed }: FileFormat): string {
  const { mark, isOpen } = formatOf(text);
  const lines = isMixed ? text.slice(mark.length) : text.slice(mark.length).replaceAll('\r\n', '\n');
  return isOpen ? `${lines}\n` : lines;
}

/** A plain text in this format: of the text's own, what it was before {@link toPlain}. */
export function fromPlain(text: string, { mark, lineEnd, isMixed, isOpen }: FileFormat): string {
  // An empty last line keeps its end.
  const lines = isOpen ? text.replace(/([^\r\n])\r?\n$/, '$1') : text;
  return mark + (lineEnd === '\r\n' && !isMixed ? lines.replaceAll('\n', '\r\n') : lines);
}
