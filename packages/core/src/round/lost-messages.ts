/**
 * Messages of an exchange that died with the server that had taken them: its collector is saved as a stage ends, not before.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { ExchangeCollector } from '../pipeline/contract.ts';
import { clientEntries, getClient, mapClients } from './client-map.ts';
import type { CurrentRound, RoundState } from './state.ts';

/** The clients whose messages of this stage were acknowledged, and are not in a collector that was opened again. */
export function lostMessages(
  { members, stage, stageNumber }: CurrentRound,
  exchange: Pick<ExchangeCollector<unknown>, 'stage' | 'finished' | 'waitingFor'>,
): ClientId[] {
  // Of a stage that has ended the collector's own state has all that counts.
  if (exchange.stage !== stage || exchange.finished) return [];
  const accepted = clientEntries(members).flatMap(([client, { place }]) => (place === 'accepted' ? [client] : []));
  // Before the first stage has ended nothing is saved, nobody in particular awaited, and every client repeats itself.
  if (stageNumber === 0) return accepted;
  const awaited = new Set(exchange.waitingFor);
  return accepted.filter((client) => awaited.has(client));
}

/** With clients awaited again who had answered. */
export function withReopened({ phase, current }: RoundState, clients: readonly ClientId[]): CurrentRound {
  const again = new Set(clients);
  const answered = clients.every((client) => current && getClient(current.members, client)?.place === 'accepted');
  if (current === null || !answered || (phase !== 'collecting' && phase !== 'advancing')) {
    return refuse('PROTOCOL_STATE', 'roundMachine.step: reopened', 'clients whose messages this stage has', phase);
  }
  const members = mapClients(current.members, (member, client) =>
    again.has(client) ? { ...member, place: 'open' as const } : member,
  );
  return { ...current, members, open: current.open + again.size, accepted: current.accepted - again.size };
}
