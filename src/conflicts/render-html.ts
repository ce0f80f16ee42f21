import type { ConflictView } from './conflict-view.ts';

/** HTML, a section with a table for each conflict; classes for a style sheet of the page's own. */
export function asHtml(views: readonly ConflictView[]): string {
  return views
    .map(({ id, title, facts, reason, sides }) => {
      const heads = sides.map(
        ({ name, stamp }) => `<th scope="col">${name}${stamp ? ` <small>${inert(stamp)}</small>` : ''}</th>`,
      );
      const values = sides.map(({ name, value }) => `<td class="${name}"><pre dir="ltr">${inert(value)}</pre></td>`);
      return (
        `<section class="conflict" id="conflict-${id}">\n<h3><bdi>${inert(title)}</bdi></h3>\n` +
        `<p>${inert(facts)}: <bdi>${inert(reason)}</bdi></p>\n` +
        `<table>\n<tr>${heads.join('')}</tr>\n<tr>${values.join('')}</tr>\n</table>\n</section>\n`
      );
    })
    .join('');
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const inert = (text: string) => text.replace(/[&<>"']/g, (sign) => signs[sign]!);
