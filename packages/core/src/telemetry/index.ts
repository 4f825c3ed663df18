/**
 * What an operator looks at: counts for Prometheus and OpenTelemetry, whether a server is well, logs.
 *
 * @module
 */
export { type Labels, type MetricName, METRICS, noTelemetry, type Telemetry } from './contract.ts';
export { jsonLog, type LogEntry } from './json-log.ts';
export { type Meter, openTelemetry } from './open-telemetry.ts';
export { PROMETHEUS_TYPE, type PrometheusTelemetry, prometheusTelemetry } from './prometheus.ts';
export { type Observed, statusHandler, type StatusHandlerOptions } from './status-handler.ts';
