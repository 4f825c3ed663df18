/**
 * The round that is under way, and what it becomes: whom it awaits, who has answered, who is gone. Nothing is changed in place.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { emptyMap, getClient, mapClients, setClient } from './client-map.ts';
import type { RoundRules } from './round-options.ts';
import type { CurrentRound, Member, RoundEvent } from './state.ts';

type DraftRound = { -readonly [K in keyof CurrentRound]: CurrentRound[K] };

/** A round before its first client. */
export function newRound(
  round: number,
  { clients, scheme, population, stage, part }: RoundEvent & { readonly kind: 'opened' },
  rules: RoundRules,
  now: number,
): CurrentRound {
  const overSelected = rules.overSelected && clients.length > rules.cohort;
  return {
    round,
    scheme: overSelected ? { kind: 'none' } : scheme,
    population,
    places: clients.length,
    target: overSelected ? rules.cohort : clients.length,
    ...(part && { part }),
    invited: 0,
    members: emptyMap(),
    open: 0,
    accepted: 0,
    stage: stage ?? 'reporting',
    stageNumber: 0,
    dropouts: {},
    openedAt: now,
  };
}

/** With clients more, who are awaited under tickets from `firstTicket` on. */
export function withClients(current: CurrentRound, clients: readonly ClientId[], firstTicket: number): CurrentRound {
  let { members } = current;
  clients.forEach((client, i) => {
    const before = getClient(members, client);
    const earlier = before && { earlier: [...(before.earlier ?? []), before.ticket] };
    members = setClient(members, client, { ticket: firstTicket + i, place: 'open', ...earlier });
  });
  return { ...current, members, invited: current.invited + clients.length, open: current.open + clients.length };
}

/** With one client who has answered or left. */
export function withPlace(
  before: CurrentRound,
  client: ClientId,
  member: Member,
  place: 'accepted' | 'left',
): CurrentRound {
  const current: DraftRound = { ...before };
  current.members = setClient(current.members, client, { ...member, place });
  if (member.place === 'open') current.open--;
  else current.accepted--;
  if (place === 'accepted') current.accepted++;
  return current;
}

/** Nobody is awaited any more who has not answered by now. */
export function withoutOpen(current: CurrentRound): CurrentRound {
  if (current.open === 0) return current;
  const members = mapClients(current.members, (member) =>
    member.place === 'open' ? { ...member, place: 'late' as const } : member,
  );
  return { ...withDropouts(current, current.stage, current.open), members, open: 0 };
}

/** With clients more who were lost in a stage. */
export function withDropouts(current: CurrentRound, stage: string, more: number): CurrentRound {
  if (more === 0) return current;
  return { ...current, dropouts: { ...current.dropouts, [stage]: (current.dropouts[stage] ?? 0) + more } };
}

/** After a stage of an exchange: awaited are those whom the next one needs. */
export function afterStage(before: CurrentRound, event: RoundEvent & { readonly kind: 'advanced' }): CurrentRound {
  const awaited = new Set(event.awaited);
  let dropped = 0;
  let staying = 0;
  const members = mapClients(before.members, (member, client) => {
    if (member.place === 'left' || member.place === 'late') return member;
    if (member.place === 'accepted' && event.finished) {
      staying++;
      return member;
    }
    if (!awaited.has(client)) {
      dropped++;
      return { ...member, place: 'late' as const };
    }
    staying++;
    return { ...member, place: 'open' as const };
  });
  return {
    ...withDropouts(before, before.stage, dropped),
    members,
    open: event.finished ? 0 : staying,
    accepted: event.finished ? staying : 0,
    stage: event.stage,
    stageNumber: before.stageNumber + 1,
  };
}
