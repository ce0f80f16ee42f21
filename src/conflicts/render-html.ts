import type { ConflictView, SideView } from './conflict-view.ts';

/**
 * HTML, a section with a table for each conflict; classes for a style sheet of the page's own.
 *
 * What the sides have not of the base is `del`, what the base has not of a side `ins`: seen, and read out, without styles.
 */
export function asHtml(views: readonly ConflictView[], heading = 'h3'): string {
  return views
    .map(({ id, title, facts, reason, sides }) => {
      const heads = sides.map(({ name, stamp }) => {
        const when = stamp && ` <small><bdi>${inert(stamp)}</bdi></small>`;
        return `<th scope="col">${name}${when}</th>`;
      });
      const values = sides.map((side) => {
        const version = side.stamp ? `${side.name}, ${side.stamp}` : side.name;
        return `<td class="${side.name}" data-version="${inert(version)}">${shownValue(side)}</td>`;
      });
      return (
        `<section class="conflict" id="conflict-${id}" aria-labelledby="title-${id}">\n` +
        `<${heading} id="title-${id}"><bdi>${inert(title)}</bdi></${heading}>\n` +
        `<p class="reason"><bdi>${inert(reason)}</bdi></p>\n` +
        `<p class="facts">${inert(facts)}, <code>${id}</code></p>\n` +
        `<table>\n<thead><tr>${heads.join('')}</tr></thead>\n<tbody><tr>${values.join('')}</tr></tbody>\n</table>\n</section>\n`
      );
    })
    .join('');
}

function shownValue({ name, value }: SideView): string {
  if (!value) return '<em class="absent">(nothing)</em>';
  const mark = name === 'base' ? 'del' : 'ins';
  const parts = value.map(({ kind, text }) => {
    if (kind === 'changed') return `<${mark}>${inert(text)}</${mark}>`;
    return kind === 'cut' ? `<span class="cut">${inert(text)}</span>` : inert(text);
  });
  // A line end right behind <pre> would not count.
  return `<pre dir="ltr">\n${parts.join('')}</pre>`;
}

const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const inert = (text: string) => text.replace(/[&<>"']/g, (sign) => signs[sign]!);
