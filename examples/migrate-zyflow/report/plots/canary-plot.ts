import type { Html } from '../html.ts';
import { html } from '../html.ts';
import type { CanaryPoint } from '../migration-report.ts';
import { boundAcross, columns, filled, line, picture, round, rows } from './frame.ts';
import { linearScale } from './scale.ts';

const width = 1080;
const height = 320;
const upper = { left: 56, right: width - 20, top: 16, bottom: 170 };
const lower = { ...upper, top: 204, bottom: height - 26 };
const boundPercent = 0.1;

const errorPercent = ({ requests, errors }: CanaryPoint) => (requests === 0 ? 0 : (100 * errors) / requests);

/** Above the share of the traffic on the new system, below the share of requests that failed, over the same time. */
export function canaryPlot(points: readonly CanaryPoint[]): Html {
  const began = points[0]?.atMs ?? 0;
  const seconds = (point: CanaryPoint) => (point.atMs - began) / 1000;
  const x = linearScale(seconds(points.at(-1) ?? ({ atMs: 1 } as CanaryPoint)), [upper.left, upper.right], 8);
  const share = linearScale(100, [upper.bottom, upper.top], 4);
  const errors = linearScale(Math.max(2 * boundPercent, ...points.map(errorPercent)), [lower.bottom, lower.top], 2);
  const steps = points.flatMap((point, index) => {
    const [at, height] = [x.at(seconds(point)), share.at(point.percent)];
    const before = points[index - 1];
    return before ? [[at, share.at(before.percent)] as const, [at, height] as const] : [[at, height] as const];
  });
  const failures = points.map((point) => [x.at(seconds(point)), errors.at(errorPercent(point))] as const);
  const marks = points.map((point, index) => {
    const [cx, cy] = failures[index]!;
    return html`<circle class="dot ${point.errors > 0 ? 'failed' : 'quiet'}" cx="${round(cx)}" cy="${round(cy)}" r="3.5"><title>${point.percent} % on the new system: ${point.requests} requests, ${point.errors} failed, ${point.mismatches} answered differently in the shadow</title></circle>`;
  });
  return picture(width, height, 'Share of traffic on the new system and share of failed requests over time', [
    rows(upper, share, ' %'),
    filled('new', steps, upper.bottom),
    line('new', steps),
    html`<text class="note" x="${upper.left}" y="${lower.top - 12}">Requests that failed</text>`,
    rows(lower, errors, ' %'),
    columns(lower, x, 's'),
    boundAcross(lower, errors.at(boundPercent), `bound ${boundPercent} %`),
    line('failed', failures),
    marks,
  ]);
}
