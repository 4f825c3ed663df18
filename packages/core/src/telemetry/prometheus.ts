/**
 * Counts as Prometheus reads them.
 *
 * Prometheus, "Exposition formats", text-based format 0.0.4.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { type Labels, METRICS, type MetricName, type Telemetry } from './contract.ts';

/** Upper bounds of a histogram's buckets, for seconds and for counts alike. */
const BUCKETS = [0.01, 0.1, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400];
/** Sets of labels under one name; more are put together. A label is never a client's name, so this is never met. */
const MOST_SERIES = 1000;

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** A {@link Telemetry} that is read as text. */
export interface PrometheusTelemetry extends Telemetry {
  /** Every metric so far; media type {@link PROMETHEUS_TYPE}. */
  text(): string;
}

/** The media type of Prometheus's text format. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Counters, histograms and gauges in memory.
 *
 * @example
 * ```ts
 * import { prometheusTelemetry } from '@fedkit/core/telemetry';
 *
 * const telemetry = prometheusTelemetry();
 * telemetry.count('fedkit_http_requests_total', 1, { status: '413' });
 * console.log(telemetry.text().split('\n')[2]); // => fedkit_http_requests_total{status="413"} 1
 * ```
 */
export function prometheusTelemetry(): PrometheusTelemetry {
  const counters = new Map<string, Map<string, number>>();
  const histograms = new Map<string, Map<string, Histogram>>();
  const gauges = new Map<string, Map<string, () => number | undefined>>();
  return {
    count(name, by, labels) {
      if (!(by >= 0)) refuse('OUT_OF_RANGE', `prometheusTelemetry: ${name}`, 'a number >= 0', by);
      const series = seriesOf(counters, name, labels);
      series.map.set(series.key, (series.map.get(series.key) ?? 0) + by);
    },
    measure(name, value, labels) {
      const { map, key } = seriesOf(histograms, name, labels);
      const histogram = map.get(key) ?? { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
      map.set(key, histogram);
      BUCKETS.forEach((bound, i) => {
        if (value <= bound) histogram.buckets[i]++;
      });
      histogram.sum += value;
      histogram.count++;
    },
    observe(name, read, labels) {
      const { map, key } = seriesOf(gauges, name, labels);
      map.set(key, read);
    },
    text() {
      const lines: string[] = [];
      const family = (name: string, type: string) =>
        lines.push(`# HELP ${name} ${METRICS[name as MetricName] ?? name}`, `# TYPE ${name} ${type}`);
      for (const [name, map] of counters) {
        family(name, 'counter');
        for (const [key, value] of map) lines.push(`${name}${braced(key)} ${value}`);
      }
      for (const [name, map] of gauges) {
        family(name, 'gauge');
        for (const [key, read] of map) {
          const value = read();
          if (value !== undefined) lines.push(`${name}${braced(key)} ${value}`);
        }
      }
      for (const [name, map] of histograms) {
        family(name, 'histogram');
        for (const [key, { buckets, sum, count }] of map) {
          const before = key === '' ? '' : `${key},`;
          BUCKETS.forEach((bound, i) => lines.push(`${name}_bucket{${before}le="${bound}"} ${buckets[i]}`));
          lines.push(`${name}_bucket{${before}le="+Inf"} ${count}`);
          lines.push(`${name}_sum${braced(key)} ${sum}`, `${name}_count${braced(key)} ${count}`);
        }
      }
      return `${lines.join('\n')}\n`;
    },
  };
}

function seriesOf<T>(families: Map<string, Map<string, T>>, name: string, labels: Labels = {}) {
  const map = families.get(name) ?? new Map<string, T>();
  if (map.size === 0) {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) {
      refuse('INVALID_ARGUMENT', 'prometheusTelemetry: name', 'letters, digits, _ and :', name);
    }
    families.set(name, map);
  }
  const key = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${escaped(value)}"`)
    .join(',');
  return { map, key: map.has(key) || map.size < MOST_SERIES ? key : 'other="true"' };
}

const braced = (key: string): string => (key === '' ? '' : `{${key}}`);

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
