import { percentile } from '../../load/percentile.ts';
import { type Html, html } from '../html.ts';
import type { LatencySeries } from '../migration-report.ts';
import { formatQuantity } from '../number-format.ts';
import { boundDown, columns, line, picture, round, rows } from './frame.ts';
import { linearScale, logScale } from './scale.ts';

const width = 520;
const height = 240;
const area = { left: 46, right: width - 20, top: 26, bottom: height - 26 };

/** Which share took at most how long, for each system that did the same thing; the dots mark the 95th percentiles. */
export function latencyPlot(series: readonly LatencySeries[]): Html {
  const sorted = series
    .filter(({ samples }) => samples.length > 0)
    .map((each) => ({ ...each, samples: each.samples.toSorted((a, b) => a - b) }));
  const least = Math.min(...sorted.map(({ samples }) => samples[0]!));
  const most = Math.max(...sorted.map(({ samples, targetMs }) => Math.max(samples.at(-1)!, targetMs ?? 0)));
  const x = logScale(Math.max(least, 0.01), most, [area.left, area.right]);
  const y = linearScale(100, [area.bottom, area.top]);
  const curves = sorted.map(({ system, samples }) => {
    const points = Array.from(
      { length: 101 },
      (_, p) => [x.at(percentile(samples, Math.max(p, 0.1))), y.at(p)] as const,
    );
    const p95 = percentile(samples, 95);
    return html`${line(system, points)}<circle class="dot ${system}" cx="${round(x.at(p95))}" cy="${round(y.at(95))}" r="4"><title>95 % took at most ${formatQuantity(p95, 'ms')}</title></circle>`;
  });
  const target = sorted.find(({ targetMs }) => targetMs !== undefined)?.targetMs;
  const content = [
    rows(area, y, ' %'),
    columns(area, x, 'ms'),
    target === undefined ? [] : boundDown(area, x.at(target), `target ${formatQuantity(target, 'ms')}`),
    curves,
  ];
  return picture(width, height, `Share of ${sorted[0]?.name ?? 'nothing'} by the time it took`, content);
}
