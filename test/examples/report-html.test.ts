import { describe, expect, it } from 'vitest';
import { Html, html } from '../../examples/migrate-zyflow/report/html.ts';
import { htmlReport } from '../../examples/migrate-zyflow/report/html-report.ts';
import { linearScale, logScale } from '../../examples/migrate-zyflow/report/plots/scale.ts';
import { sampleReport } from './report-sample.ts';

describe('markup', () => {
  it('escapes whatever is put in, except its own', () => {
    const hostile = `<img src=x onerror="alert('1')">&`;
    const inner = html`<b>${hostile}</b>`;
    expect(String(html`<p title="${hostile}">${[inner, 'x<', 3]}</p>`)).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"><b>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</b>x&lt;3</p>',
    );
    expect(html`${Html.trusted('<hr>')}`.toString()).toBe('<hr>');
  });
});

describe('scales', () => {
  it('have round ticks that reach over the data', () => {
    expect(linearScale(437, [0, 100]).ticks).toEqual([0, 200, 400, 600]);
    expect(linearScale(0.2, [0, 100], 2).ticks).toEqual([0, 0.1, 0.2]);
    expect(linearScale(0, [0, 100]).ticks).toEqual([0, 0.5, 1]);
    expect(linearScale(100, [200, 0]).at(50)).toBe(100);
    const log = logScale(0.3, 420, [0, 400]);
    expect(log.ticks).toEqual([0.1, 1, 10, 100, 1000]);
    expect([0.01, 0.1, 1, 1000].map((value) => Math.round(log.at(value)))).toEqual([0, 0, 100, 400]);
  });
});

describe('the report as a page', () => {
  const page = htmlReport(sampleReport);

  it('is a function of the report alone, and needs nothing from elsewhere', () => {
    expect(htmlReport(structuredClone(sampleReport))).toBe(page);
    expect(page).not.toMatch(/<(script|link|img|iframe)|url\(|https?:/);
  });

  it('shows text as text', () => {
    expect(page).toContain('/tmp/zyflow/작업 &lt;공간&gt;');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more');
  });

  it('has every criterion, fault and stage, and a plot of each kind', () => {
    for (const { name } of [...sampleReport.criteria, ...sampleReport.stages]) expect(page).toContain(name);
    for (const { id } of sampleReport.faults) expect(page).toContain(`<td>${id}</td>`);
    expect(page.match(/<svg /g)).toHaveLength(5); // faults, two latencies, canary, throughput
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('does without what was not measured', () => {
    const bare = htmlReport({
      ...sampleReport,
      criteria: [],
      faults: [],
      latencies: [],
      canary: [],
      throughput: [],
      stages: [],
    });
    expect(bare).not.toMatch(/<svg|NaN|Infinity|undefined/);
    expect(bare).toContain('0 of 0 criteria were met');
    const single = htmlReport({
      ...sampleReport,
      latencies: [{ name: 'one', system: 'new', samples: [0] }],
      canary: sampleReport.canary.slice(0, 1),
      throughput: sampleReport.throughput.slice(0, 1),
    });
    expect(single).not.toMatch(/NaN|Infinity|undefined/);
  });
});
