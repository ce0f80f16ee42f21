import { type Html, type HtmlValue, html } from '../html.ts';
import { formatNumber } from '../number-format.ts';
import type { Scale } from './scale.ts';

/** The place that a plot draws in, axes around it. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A picture that fills its column, and scrolls where that is too narrow to read it; `description` is read out to those who cannot see it. */
export function picture(width: number, height: number, description: string, content: HtmlValue): Html {
  return html`<div class="plot"><svg viewBox="0 0 ${width} ${height}" style="min-width:${Math.round(width * 0.65)}px" role="img" aria-label="${description}">${content}</svg></div>`;
}

/** Horizontal lines with their values at the left. */
export function rows(area: Area, y: Scale, unit: string): Html[] {
  return y.ticks.map(
    (
      tick,
    ) => html`<line class="grid" x1="${area.left}" x2="${area.right}" y1="${round(y.at(tick))}" y2="${round(y.at(tick))}"/>
<text class="tick" x="${area.left - 6}" y="${round(y.at(tick) + 4)}" text-anchor="end">${formatNumber(tick)}${unit}</text>`,
  );
}

/** Values below the bottom line, the unit at the last, which ends with the picture. */
export function columns(area: Area, x: Scale, unit: string): Html[] {
  return x.ticks.map((tick, index) => {
    const last = index === x.ticks.length - 1;
    const [at, anchor] = last ? [area.right + 16, 'end'] : [x.at(tick), 'middle'];
    return html`<text class="tick" x="${round(at)}" y="${area.bottom + 16}" text-anchor="${anchor}">${formatNumber(tick)}${last ? ` ${unit}` : ''}</text>`;
  });
}

/** A line through points. */
export function line(kind: string, points: readonly (readonly [number, number])[]): Html {
  return html`<path class="line ${kind}" d="${pathOf(points)}"/>`;
}

/** The space between the points and `base`. */
export function filled(kind: string, points: readonly (readonly [number, number])[], base: number): Html {
  if (points.length === 0) return html``;
  const closed = [[points[0]![0], base], ...points, [points.at(-1)![0], base]] as const;
  return html`<path class="fill ${kind}" d="${pathOf(closed)}Z"/>`;
}

/** A dashed horizontal line with its name above its right end. */
export function boundAcross(area: Area, y: number, label: string): Html {
  return html`<line class="bound" x1="${area.left}" x2="${area.right}" y1="${round(y)}" y2="${round(y)}"/>
<text class="note" x="${area.right}" y="${round(y - 5)}" text-anchor="end">${label}</text>`;
}

/** A dashed vertical line with its name above it. */
export function boundDown(area: Area, x: number, label: string): Html {
  return html`<line class="bound" x1="${round(x)}" x2="${round(x)}" y1="${area.top}" y2="${area.bottom}"/>
<text class="note" x="${round(x)}" y="${area.top - 8}" text-anchor="middle">${label}</text>`;
}

/** Named colours above a plot. */
export function legend(entries: readonly (readonly [kind: string, label: string])[]): Html {
  return html`<p class="legend">${entries.map(([kind, label]) => html`<span><i class="${kind}"></i>${label}</span>`)}</p>`;
}

export const round = (value: number): number => Math.round(value * 10) / 10;

const pathOf = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
