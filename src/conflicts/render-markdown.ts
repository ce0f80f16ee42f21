import type { ConflictView, SideView } from './conflict-view.ts';

/** Markdown (GitHub's), a table for each conflict. */
export function asMarkdown(views: readonly ConflictView[]): string {
  return views
    .map(({ id, title, facts, reason, sides }) => {
      const heads = sides.map(({ name, stamp }) => inert(stamp ? `${name}, ${stamp}` : name));
      const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
      const table = [row(heads), row(heads.map(() => '---')), row(sides.map(shownValue))].join('\n');
      return `### ${inert(title)}\n\n${inert(facts)}: ${inert(reason)} (${id})\n\n${table}\n`;
    })
    .join('\n');
}

/** What is changed is `del` or `ins`, which GitHub lets through; elsewhere they are seen as they are, and do no harm. */
function shownValue({ name, value }: SideView): string {
  if (!value) return '*nothing*';
  const mark = name === 'base' ? 'del' : 'ins';
  return value
    .map(({ kind, text }) => {
      const lines = text.split('\n').map(inert);
      if (kind !== 'changed') return lines.join('<br>');
      return lines.map((line) => line && `<${mark}>${line}</${mark}>`).join('<br>');
    })
    .join('');
}

/** No sign of Markdown or HTML keeps its meaning; indentation stays. */
const inert = (text: string) =>
  text
    .replace(/[\\`*_{}[\]()#+\-.!|~:=^$/@]/g, (sign) => `\\${sign}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/^ +| {2,}| $/g, (spaces) => '&nbsp;'.repeat(spaces.length));
