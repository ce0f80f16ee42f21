import { describe, expect, it } from 'vitest';
import { PrometheusCollector } from '../../src/adapters/prometheus/prometheus-collector.ts';
import { InvalidArgumentError } from '../../src/core/errors.ts';

describe('PrometheusCollector', () => {
  it('writes counters, gauges and histograms in the text format', () => {
    const collector = new PrometheusCollector({
      prefix: 'zyflow_',
      buckets: [10, 100],
      help: { reads: 'Reads.\nAll' },
    });
    collector.increment('reads');
    collector.increment('reads', 2, { target: 'new', a: 'x' });
    collector.gauge('share', 12.5);
    for (const duration of [5, 10, 50, 500]) collector.observe('latency_ms', duration, { op: 'read' });
    expect(collector.render()).toBe(
      [
        '# HELP zyflow_reads Reads.\\nAll',
        '# TYPE zyflow_reads counter',
        'zyflow_reads 1',
        'zyflow_reads{a="x",target="new"} 2',
        '# TYPE zyflow_share gauge',
        'zyflow_share 12.5',
        '# TYPE zyflow_latency_ms histogram',
        'zyflow_latency_ms_bucket{op="read",le="10"} 2',
        'zyflow_latency_ms_bucket{op="read",le="100"} 3',
        'zyflow_latency_ms_bucket{op="read",le="+Inf"} 4',
        'zyflow_latency_ms_sum{op="read"} 565',
        'zyflow_latency_ms_count{op="read"} 4',
        '',
      ].join('\n'),
    );
  });

  it('escapes label values and keeps one series a set of labels', () => {
    const collector = new PrometheusCollector({ prefix: '' });
    collector.gauge('g', 1, { a: 'x"\\\n', b: '1' });
    collector.gauge('g', 2, { b: '1', a: 'x"\\\n' });
    expect(collector.render()).toBe('# TYPE g gauge\ng{a="x\\"\\\\\\n",b="1"} 2\n');
  });

  it('refuses what the format can not hold', () => {
    const collector = new PrometheusCollector();
    collector.increment('reads');
    expect(() => collector.gauge('reads', 1)).toThrow(InvalidArgumentError);
    expect(() => collector.increment('reads', -1)).toThrow(InvalidArgumentError);
    expect(() => collector.increment('two words')).toThrow(InvalidArgumentError);
    expect(() => collector.gauge('g', 1, { 'a-b': 'x' })).toThrow(InvalidArgumentError);
    expect(() => collector.observe('h', Number.NaN)).toThrow(InvalidArgumentError);
    expect(() => new PrometheusCollector({ buckets: [2, 1] })).toThrow(InvalidArgumentError);
  });
});
