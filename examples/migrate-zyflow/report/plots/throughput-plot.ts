import { type Html, html } from '../html.ts';
import type { StageReading, ThroughputPoint } from '../migration-report.ts';
import { columns, line, picture, round, rows } from './frame.ts';
import { linearScale } from './scale.ts';

const width = 1080;
const height = 260;
const area = { left: 56, right: width - 20, top: 34, bottom: height - 26 };

/** Reads and writes a second while the migration went on, with its stages behind. */
export function throughputPlot(points: readonly ThroughputPoint[], stages: readonly StageReading[]): Html {
  const end = Math.max(
    ...points.map(({ atMs, durationMs }) => atMs + durationMs),
    ...stages.map(({ toMs }) => toMs),
    1,
  );
  const x = linearScale(end / 1000, [area.left, area.right], 8);
  const rate = (kind: 'reads' | 'writes') => (point: ThroughputPoint) => (1000 * point[kind]) / point.durationMs;
  const most = Math.max(1, ...points.flatMap((point) => [rate('reads')(point), rate('writes')(point)]));
  const y = linearScale(most, [area.bottom, area.top]);
  const curve = (kind: 'reads' | 'writes') =>
    line(
      kind,
      points.map((point) => [x.at((point.atMs + point.durationMs / 2) / 1000), y.at(rate(kind)(point))] as const),
    );
  const bands = stages
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .map(({ name, fromMs, toMs, detail }, index) => {
      const [from, to] = [round(x.at(fromMs / 1000)), round(x.at(toMs / 1000))];
      const label = to - from > name.length * 7 ? name : `${index + 1}`;
      return html`<g><title>${name}: ${detail}</title><rect class="band${index % 2}" x="${from}" y="${area.top - 22}" width="${round(to - from)}" height="${area.bottom - area.top + 22}"/>
<text class="note" x="${round((from + to) / 2)}" y="${area.top - 8}" text-anchor="middle">${label}</text></g>`;
    });
  return picture(width, height, 'Reads and writes a second over time', [
    bands,
    rows(area, y, ''),
    columns(area, x, 's'),
    curve('reads'),
    curve('writes'),
  ]);
}
