import type { JsonValue } from '../core/json-value.ts';
import type { Conflict } from './conflict.ts';
import type { ConflictView } from './conflict-view.ts';
import { asHtml } from './render-html.ts';
import { asMarkdown } from './render-markdown.ts';
import { asText } from './render-text.ts';
import { shortenTogether } from './shorten-values.ts';
import { visible } from './visible-text.ts';

/** How {@link renderConflicts} writes. */
export interface RenderOptions {
  /** Default `text`. */
  readonly format?: 'text' | 'markdown' | 'html' | undefined;
  /** Characters of a value that are shown; what is cut out lies outside of where the values differ. Default 400. */
  readonly maxLength?: number | undefined;
}

/**
 * The conflicts for people: each with its place, reason and severity, and both sides beside the base.
 *
 * Values are escaped for the format, so that none can become markup; control characters and those that change the direction
 * of writing are shown as escapes. HTML comes without a page around it, styles or scripts.
 */
export function renderConflicts(conflicts: readonly Conflict[], options: RenderOptions = {}): string {
  const views = conflicts.map((conflict) => viewOf(conflict, options.maxLength ?? 400));
  if (options.format === 'html') return asHtml(views);
  return options.format === 'markdown' ? asMarkdown(views) : asText(views);
}

function viewOf(conflict: Conflict, maxLength: number): ConflictView {
  const { id, type, severity, path, reason, localStamp, remoteStamp } = conflict;
  const stamps = [undefined, localStamp, remoteStamp];
  const all = [conflict.baseValue, conflict.localValue, conflict.remoteValue];
  const values = shortenTogether(all.map(wordsOf), maxLength);
  return {
    id,
    title: path === '' ? 'the whole value' : visible(path),
    facts: `${type}, ${severity}`,
    reason: visible(reason),
    sides: ['base', 'local', 'remote'].map((name, at) => {
      const stamp = stamps[at];
      const by = stamp?.nodeId === undefined ? '' : ` by ${visible(stamp.nodeId)}`;
      return { name, stamp: stamp ? `${timeOf(stamp.timestamp)}${by}` : '', value: visible(values[at]!, true) };
    }),
  };
}

/** JSON, in lines unless it is short. Absent is not null. */
function wordsOf(value: JsonValue | undefined): string {
  if (value === undefined) return '(nothing)';
  const short = JSON.stringify(value);
  return short.length <= 60 ? short : JSON.stringify(value, undefined, 2);
}

function timeOf(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}
