import { type Html, html } from '../html.ts';
import type { FaultComparison } from '../migration-report.ts';
import { formatNumber } from '../number-format.ts';
import { picture } from './frame.ts';

const width = 1080;
const rowHeight = 42;
const left = 380;
const barWidth = width - left - 130;

/** For each fault that counts something, the share that was affected, in the legacy system and in the new one. */
export function faultBars(faults: readonly FaultComparison[]): Html {
  const counted = faults.filter((fault): fault is FaultComparison & { of: number } => (fault.of ?? 0) > 0);
  const content = counted.map((fault, index) => {
    const top = index * rowHeight + 6;
    const bar = (system: string, value: number | null, y: number) => {
      const length = value === null ? 0 : (value / fault.of) * barWidth;
      const text = value === null ? 'not measured' : `${formatNumber(value)} of ${formatNumber(fault.of)}`;
      return html`<rect class="bar ${system}" x="${left}" y="${y}" width="${Math.max(2, Math.round(length))}" height="12" rx="2"/>
<text class="value" x="${left + Math.max(2, Math.round(length)) + 8}" y="${y + 10}">${text}</text>`;
    };
    return html`<g><title>${fault.beforeDetail}</title><text class="label" x="${left - 14}" y="${top + 18}" text-anchor="end">${fault.title}</text>
${bar('legacy', fault.before, top)}${bar('new', fault.after, top + 15)}</g>`;
  });
  return picture(width, counted.length * rowHeight + 4, 'Faults of the legacy system before and after', content);
}
