/**
 * Where a server's counts go: Prometheus, OpenTelemetry, or wherever you like.
 *
 * @module
 */

/** What a count or a value is of, such as `{ status: '413' }`: few different values, never a client's name. */
export type Labels = Readonly<Record<string, string>>;

/** Takes what a server, and a transport before it, count. None of the three may throw. */
export interface Telemetry {
  /** `by` ≥ 0 more of what `name` counts. */
  count(name: string, by: number, labels?: Labels): void;
  /** One value of a distribution, such as a round's seconds. */
  measure(name: string, value: number, labels?: Labels): void;
  /** A value that `read` gives whenever somebody looks; `undefined` for none now. Under a name and labels the latest `read` counts. */
  observe(name: string, read: () => number | undefined, labels?: Labels): void;
}

/** What the names mean; all of them start with `fedkit_`. */
export const METRICS = {
  fedkit_http_requests_total: 'Messages that a transport answered, by status: refusals before the round too',
  fedkit_unauthenticated_total: 'Messages of strangers',
  fedkit_intake_bytes: 'Memory that requests and unfinished uploads hold',
  fedkit_uploads_unfinished: 'Uploads that wait for their next piece',
  fedkit_uploads_evicted_total: 'Unfinished uploads that were dropped, by reason',
  fedkit_request_bytes_total: 'Bytes of requests that reached the server',
  fedkit_response_bytes_total: 'Bytes of its responses',
  fedkit_refusals_total: 'Requests that the server refused, by code',
  fedkit_reports_total: 'Reports that were acknowledged',
  fedkit_failures_total: 'Failures of a store, a pipeline or a callback',
  fedkit_rounds_total: 'Finished rounds, by outcome',
  fedkit_round_seconds: 'From the first invitation to the end of a round',
  fedkit_contributors: 'Contributors of published rounds',
  fedkit_round: 'The latest round',
  fedkit_published: 'Rounds published',
  fedkit_clients_waiting: 'Clients that wait for a round',
  fedkit_clients_awaited: 'Clients of the current round that have not reported',
  fedkit_reports_accepted: 'Reports of the current round or stage',
  fedkit_stage_remaining_seconds: 'Until the current stage ends, whoever has answered',
  fedkit_paused: '1 while no rounds are opened or closed',
  fedkit_tasks_total: 'Tasks that a worker of an engine ended, by kind and outcome',
  fedkit_task_seconds: 'How long they took',
  fedkit_epsilon: 'Privacy spent so far, by observer',
} as const;

/** The name of a metric that the library counts. */
export type MetricName = keyof typeof METRICS;

/** Goes nowhere. */
export const noTelemetry: Telemetry = { count() {}, measure() {}, observe() {} };
