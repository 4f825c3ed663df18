/**
 * Counts as OpenTelemetry takes them: hand in a meter of `@opentelemetry/api`.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { type Labels, METRICS, type MetricName, type Telemetry } from './contract.ts';

interface Described {
  readonly description: string;
}

/** What is used of a `Meter` of `@opentelemetry/api`. */
export interface Meter {
  createCounter(name: string, options: Described): { add(value: number, attributes: Labels): void };
  createHistogram(name: string, options: Described): { record(value: number, attributes: Labels): void };
  createObservableGauge(
    name: string,
    options: Described,
  ): { addCallback(callback: (result: { observe(value: number, attributes: Labels): void }) => void): void };
}

/**
 * A {@link Telemetry} that hands everything on to `meter`, under the same names.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for what is no meter.
 */
export function openTelemetry(meter: Meter): Telemetry {
  if (typeof meter?.createCounter !== 'function') {
    refuse('INVALID_ARGUMENT', 'openTelemetry: meter', 'a meter of @opentelemetry/api', meter);
  }
  const counters = new Map<string, ReturnType<Meter['createCounter']>>();
  const histograms = new Map<string, ReturnType<Meter['createHistogram']>>();
  const gauges = new Map<string, Map<string, { labels: Labels; read: () => number | undefined }>>();
  const described = (name: string): Described => ({ description: METRICS[name as MetricName] ?? name });
  return {
    count(name, by, labels = {}) {
      const counter = counters.get(name) ?? meter.createCounter(name, described(name));
      counters.set(name, counter);
      counter.add(by, labels);
    },
    measure(name, value, labels = {}) {
      const histogram = histograms.get(name) ?? meter.createHistogram(name, described(name));
      histograms.set(name, histogram);
      histogram.record(value, labels);
    },
    observe(name, read, labels = {}) {
      let series = gauges.get(name);
      if (series === undefined) {
        const own = new Map<string, { labels: Labels; read: () => number | undefined }>();
        series = own;
        gauges.set(name, own);
        meter.createObservableGauge(name, described(name)).addCallback((result) => {
          for (const { labels: of, read: now } of own.values()) {
            const value = now();
            if (value !== undefined) result.observe(value, of);
          }
        });
      }
      series.set(JSON.stringify(labels), { labels, read });
    },
  };
}
