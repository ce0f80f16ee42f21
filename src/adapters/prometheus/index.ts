export { PrometheusCollector, type PrometheusCollectorOptions } from './prometheus-collector.ts';
