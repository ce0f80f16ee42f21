import { Html, html } from './html.ts';
import { htmlStyle } from './html-style.ts';
import { isMet, isSuccess, type MigrationReport } from './migration-report.ts';
import { formatNumber, formatQuantity, formatSeconds } from './number-format.ts';
import { canaryPlot } from './plots/canary-plot.ts';
import { faultBars } from './plots/fault-bars.ts';
import { legend } from './plots/frame.ts';
import { latencyPlot } from './plots/latency-plot.ts';
import { throughputPlot } from './plots/throughput-plot.ts';
import { boundText } from './terminal-report.ts';

const bothSystems = legend([
  ['legacy', 'legacy system'],
  ['new', 'new system'],
]);

/** The whole run as one page that needs nothing else. */
export function htmlReport(report: MigrationReport): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Migration of ZyFlow, ${report.startedAt}</title><style>${Html.trusted(htmlStyle)}</style></head>
<body><main>
${heading(report)}${tiles(report)}${criteria(report)}${faults(report)}${latencies(report)}${canary(report)}${stages(report)}${about(report)}
</main></body></html>
`.toString();
}

function heading(report: MigrationReport): Html {
  const { workspace, startedAt, durationMs } = report;
  const met = report.criteria.filter(isMet).length;
  const kind = isSuccess(report) ? 'good' : 'bad';
  const verdict =
    met > 0 && met === report.criteria.length
      ? 'All criteria were measured and met'
      : `${met} of ${report.criteria.length} criteria were met`;
  return html`<h1>Migration of ZyFlow</h1>
<p class="soft">${workspace.tasks} tasks in ${workspace.changes} changes of ${workspace.projects} ${workspace.projects === 1 ? 'project' : 'projects'}; begun ${startedAt}, ${formatSeconds(durationMs)}</p>
<p class="verdict ${kind}">${verdict}</p>`;
}

function tiles(report: MigrationReport): Html {
  const counted = report.faults.filter(({ of }) => of !== undefined);
  const gone = counted.filter(({ after }) => after === 0).length;
  const tile = (value: string, unit: string, name: string) =>
    html`<div class="tile"><b>${value} <small>${unit}</small></b><span>${name}</span></div>`;
  return html`<div class="tiles">
${tile(`${report.criteria.filter(isMet).length} of ${report.criteria.length}`, '', 'criteria met')}
${tile(`${gone} of ${counted.length}`, '', 'faults gone')}
${report.criteria.slice(0, 3).map(({ name, measured, unit }) => tile(formatQuantity(measured, ''), unit, name))}
</div>`;
}

function criteria(report: MigrationReport): Html {
  const row = (
    each: MigrationReport['criteria'][number],
  ) => html`<tr><td>${each.name}<br><span class="soft">${each.detail ?? ''}</span></td>
<td class="number">${boundText(each)}</td><td class="number">${formatQuantity(each.measured, each.unit)}</td>
<td class="${isMet(each) ? 'good' : 'bad'}">${isMet(each) ? '✓ met' : '✗ not met'}</td></tr>`;
  return html`<section><h2>Success criteria</h2><table><thead><tr><th>Criterion</th><th class="number">Bound</th><th class="number">Measured</th><th></th></tr></thead>
<tbody>${report.criteria.map(row)}</tbody></table></section>`;
}

function faults(report: MigrationReport): Html {
  if (report.faults.length === 0) return html``;
  const show = ({ unit, of }: MigrationReport['faults'][number], value: number | null) =>
    of === undefined || value === null ? formatQuantity(value, unit) : `${formatNumber(value)} of ${formatNumber(of)}`;
  const row = (
    fault: MigrationReport['faults'][number],
  ) => html`<tr><td>${fault.id}</td><td>${fault.title}<br><span class="soft">${fault.beforeDetail}</span></td>
<td class="number">${show(fault, fault.before)}</td><td class="number">${show(fault, fault.after)}</td></tr>`;
  return html`<section><h2>Faults of the legacy system, before and after</h2>
<p class="soft">The same people doing the same things. Bars show the share of all that could be affected.</p>${bothSystems}${faultBars(report.faults)}
<table><thead><tr><th></th><th>Fault</th><th class="number">Before</th><th class="number">After</th></tr></thead><tbody>${report.faults.map(row)}</tbody></table></section>`;
}

function latencies(report: MigrationReport): Html {
  const names = [...new Set(report.latencies.filter(({ samples }) => samples.length > 0).map(({ name }) => name))];
  if (names.length === 0) return html``;
  const plots = names.map((name) => {
    const series = report.latencies.filter((each) => each.name === name);
    return html`<div><h3>${name}</h3>${latencyPlot(series)}</div>`;
  });
  return html`<section><h2>How long things take</h2><p class="soft">Share that took at most so long; the dots are the 95th percentiles. The time axis is logarithmic.</p>
${bothSystems}<div class="pair">${plots}</div></section>`;
}

function canary(report: MigrationReport): Html {
  if (report.canary.length === 0) return html``;
  return html`<section><h2>Canary</h2><p class="soft">Share of the traffic on the new system</p>${canaryPlot(report.canary)}</section>`;
}

function stages(report: MigrationReport): Html {
  const row = ({ name, outcome, fromMs, toMs, detail }: MigrationReport['stages'][number], index: number) =>
    html`<tr><td>${index + 1}</td><td>${name}<br><span class="soft">${detail}</span></td><td>${outcome}</td><td class="number">${formatSeconds(toMs - fromMs)}</td></tr>`;
  const plot = html`<p class="soft">Reads and writes a second</p>${legend([
    ['reads', 'reads'],
    ['writes', 'writes'],
  ])}${throughputPlot(report.throughput, report.stages)}`;
  return html`<section><h2>Stages</h2>${report.throughput.length > 0 ? plot : ''}
<table><thead><tr><th></th><th>Stage</th><th>Outcome</th><th class="number">Time</th></tr></thead><tbody>${report.stages.map(row)}</tbody></table></section>`;
}

function about({ workspace, environment, notes }: MigrationReport): Html {
  const { node, platform, cpus } = environment;
  return html`<section><h2>About this run</h2><p>Worked in <code>${workspace.path}</code></p>
<ul>${[...workspace.notes, ...notes].map((note) => html`<li>${note}</li>`)}<li>Node ${node} on ${platform}, ${cpus} cores</li></ul></section>`;
}
