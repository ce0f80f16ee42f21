import type { ConflictView } from './conflict-view.ts';

/** Markdown (GitHub's), a table for each conflict. */
export function asMarkdown(views: readonly ConflictView[]): string {
  return views
    .map(({ id, title, facts, reason, sides }) => {
      const heads = sides.map(({ name, stamp }) => inert(stamp ? `${name}, ${stamp}` : name));
      const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
      const values = sides.map(({ value }) => value.split('\n').map(inert).join('<br>'));
      const table = [row(heads), row(heads.map(() => '---')), row(values)].join('\n');
      return `### ${inert(title)}\n\n${inert(facts)}: ${inert(reason)} (${id})\n\n${table}\n`;
    })
    .join('\n');
}

/** No sign of Markdown or HTML keeps its meaning; indentation stays. */
const inert = (text: string) =>
  text
    .replace(/[\\`*_{}[\]()#+\-.!|~:=^$/@]/g, (sign) => `\\${sign}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/^ +| {2,}/g, (spaces) => '&nbsp;'.repeat(spaces.length));
