/**
 * What a server counts.
 *
 * @module
 */
import type { Telemetry } from '../telemetry/contract.ts';
import type { RoundRecord } from './record.ts';
import type { ServerEvent, ServerProgress } from './server-options.ts';

export function countEvent(telemetry: Telemetry, event: ServerEvent): void {
  switch (event.kind) {
    case 'accepted':
      return telemetry.count('fedkit_reports_total', 1);
    case 'refused':
      return telemetry.count('fedkit_refusals_total', 1, { code: event.code });
    case 'failed':
      return telemetry.count('fedkit_failures_total', 1 + (event.hidden ?? 0));
    case 'published':
    case 'abandoned':
    case 'cancelled':
      return countRecord(telemetry, event.record);
  }
}

function countRecord(telemetry: Telemetry, { outcome, milliseconds, contributors, facts }: RoundRecord): void {
  telemetry.count('fedkit_rounds_total', 1, { outcome });
  telemetry.measure('fedkit_round_seconds', milliseconds / 1000, { outcome });
  if (outcome === 'published') telemetry.measure('fedkit_contributors', contributors.length);
  for (const observer of ['server', 'recipients'] as const) {
    const epsilon = facts.epsilon?.[observer];
    if (epsilon !== undefined) telemetry.observe('fedkit_epsilon', () => epsilon, { observer });
  }
}

/** @param progress - `undefined` once there is none. */
export function observeProgress(telemetry: Telemetry, progress: () => ServerProgress | undefined): void {
  const observe = (name: string, of: (progress: ServerProgress) => number | undefined) =>
    telemetry.observe(name, () => {
      const now = progress();
      return now && of(now);
    });
  observe('fedkit_round', ({ round }) => round);
  observe('fedkit_published', ({ published }) => published);
  observe('fedkit_clients_waiting', ({ waiting }) => waiting);
  observe('fedkit_clients_awaited', ({ open }) => open);
  observe('fedkit_reports_accepted', ({ accepted }) => accepted);
  observe('fedkit_paused', ({ paused }) => (paused ? 1 : 0));
  observe('fedkit_stage_remaining_seconds', ({ remaining }) => remaining && remaining / 1000);
}
