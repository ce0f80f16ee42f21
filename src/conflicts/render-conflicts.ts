import { InvalidArgumentError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { checkConflicts } from './check-conflicts.ts';
import type { Conflict } from './conflict.ts';
import type { ConflictView } from './conflict-view.ts';
import { markChanges } from './mark-changes.ts';
import { asHtml } from './render-html.ts';
import { asMarkdown } from './render-markdown.ts';
import { asPage } from './render-page.ts';
import { asText } from './render-text.ts';
import { shorten } from './shorten-parts.ts';
import { visible } from './visible-text.ts';

/** How {@link renderConflicts} writes. */
export interface RenderOptions {
  /** Default `text`. `html` comes without a page around it, styles or scripts; `page` is a whole one, without scripts. */
  readonly format?: 'text' | 'markdown' | 'html' | 'page' | undefined;
  /** Characters of a value that are shown; what is cut out lies outside of where the values differ. Default 400. */
  readonly maxLength?: number | undefined;
}

const formats = { text: asText, markdown: asMarkdown, html: asHtml, page: asPage } as const;
const mostOfTitle = 200;

/**
 * The conflicts for people: each with its place, reason and severity, and both sides beside the base, with what they changed
 * marked.
 *
 * Values are escaped for the format, so that none can become markup; control characters, those that change the direction of
 * writing and what can't be seen are shown as escapes.
 *
 * @throws {@link InvalidArgumentError} for what is no list of conflicts, a format that is none, or a length that is no positive whole number.
 */
export function renderConflicts(conflicts: readonly Conflict[], options: RenderOptions = {}): string {
  const { format = 'text', maxLength = 400 } = options;
  checkConflicts(conflicts);
  if (!Object.hasOwn(formats, format)) {
    throw new InvalidArgumentError('options.format', Object.keys(formats).join(', '), format);
  }
  if (!Number.isSafeInteger(maxLength) || maxLength < 1) {
    throw new InvalidArgumentError('options.maxLength', 'a positive whole number', maxLength);
  }
  return formats[format](conflicts.map((conflict) => viewOf(conflict, maxLength)));
}

function viewOf(conflict: Conflict, maxLength: number): ConflictView {
  const { id, type, severity, subject, path, reason, baseValue, localValue, remoteValue, shown } = conflict;
  const texts = shown
    ? [shown.base, shown.local, shown.remote].map((text) => text?.replaceAll('\t', '\\t'))
    : [baseValue, localValue, remoteValue].map(wordsOf);
  const values = markChanges(texts, maxLength);
  const stamps = [undefined, conflict.localStamp, conflict.remoteStamp];
  const place = shown?.place ?? (path === '' ? 'the whole value' : path);
  return {
    id,
    title: brief(subject === undefined ? place : `${subject}: ${place}`),
    facts: `${type}, ${severity}`,
    reason: brief(reason),
    sides: (['base', 'local', 'remote'] as const).map((name, at) => {
      const stamp = stamps[at];
      const by = stamp?.nodeId === undefined ? '' : ` by ${brief(stamp.nodeId)}`;
      const parts = values[at]!.map(({ kind, text }) => ({ kind, text: visible(text, true) }));
      return {
        name,
        stamp: stamp ? `${timeOf(stamp.timestamp)}${by}` : '',
        value: parts.length === 0 ? undefined : parts,
      };
    }),
  };
}

const brief = (text: string) => visible(shorten(text, mostOfTitle));

/** JSON, in lines unless it is short; the lines of a text as lines. Absent is not null. */
function wordsOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const lines = value.split('\n').map((line) => JSON.stringify(line).slice(1, -1));
    return `"${lines.join('\n')}"`;
  }
  const short = JSON.stringify(value);
  return short.length <= 60 ? short : JSON.stringify(value, undefined, 2);
}

function timeOf(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}
