/**
 * What a chain of records adds up to.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import type { Accountant } from '../accountant.ts';
import type { DpEvent } from '../event/types.ts';
import { AdaptiveTotals, type NextRelease } from './adaptive.ts';
import { type LedgerFilter, filterOf } from './filter.ts';
import { ClientHistories } from './histories.ts';
import type {
  ChargedRelease,
  LedgerBody,
  LedgerIdentity,
  LedgerRecord,
  PrivacyBudget,
  RealizedRound,
} from './record.ts';

/** Running totals of a ledger. */
export interface LedgerState {
  readonly identity: LedgerIdentity;
  budget: PrivacyBudget;
  /** How often each distinct event was charged, by its text. */
  readonly charged: Map<string, { readonly event: DpEvent; count: number }>;
  /** For each client: how often it took part, and its last round. */
  readonly clients: Map<ClientId, { times: number; round: number | undefined }>;
  /** Charges by the number of their round. */
  readonly rounds: Map<number, ChargedRelease[]>;
  /** Where ε is of single clients, and every charge so far says who took part. */
  histories: ClientHistories | undefined;
  /** What `events: 'adaptive'` is decided by. */
  readonly adaptive: AdaptiveTotals | undefined;
}

/** What the opening record says. */
export function openingIdentity(records: readonly LedgerRecord[]): LedgerIdentity & { readonly budget: PrivacyBudget } {
  const opening = records[0]?.body;
  if (opening?.kind !== 'open') refuse('DECODE_FAILED', 'ledger', 'an opening record', opening?.kind);
  const { run, unit, neighboring, composition, events, maxParticipations, minSeparation, budget } = opening;
  return {
    run,
    unit,
    neighboring,
    ...(composition === undefined ? {} : { composition }),
    ...(events === undefined ? {} : { events }),
    ...(maxParticipations === undefined ? {} : { maxParticipations }),
    ...(minSeparation === undefined ? {} : { minSeparation }),
    budget,
  };
}

/**
 * The totals of checked records, the first of which opens the ledger.
 *
 * @param accountant - Makes an empty accountant, of the ledger's relation.
 */
export function accountFor(records: readonly LedgerRecord[], accountant: () => Accountant): LedgerState {
  const { budget, ...identity } = openingIdentity(records);
  const own = identity.composition !== undefined;
  const adaptive = identity.events === 'adaptive' && new AdaptiveTotals(identity.neighboring, budget, own);
  const state: LedgerState = {
    identity,
    budget,
    charged: new Map(),
    clients: new Map(),
    rounds: new Map(),
    histories: own && !adaptive ? new ClientHistories() : undefined,
    adaptive: adaptive || undefined,
  };
  for (const { body, realized } of records) addRecord(state, body, realized, accountant);
  return state;
}

/** Adds one record to the totals. */
export function addRecord(
  state: LedgerState,
  body: LedgerBody,
  realized: RealizedRound | undefined,
  accountant: () => Accountant,
): void {
  if (body.kind === 'open' || body.kind === 'budget') state.budget = body.budget;
  if (body.kind === 'charge') {
    const key = JSON.stringify(body.event);
    const known = state.charged.get(key);
    if (known === undefined) state.charged.set(key, { event: body.event, count: body.count });
    else known.count += body.count;
    if (body.round !== undefined) {
      const { event, count, round } = body;
      const charges = state.rounds.get(round) ?? [];
      state.rounds.set(round, [...charges, { event, count, round, ...(realized && { realized }) }]);
    }
    state.adaptive?.add({ ...body, participants: realized?.participants });
    // As published, records do not say who took part: then everyone may have paid for everything.
    if (realized?.participants === undefined) state.histories = undefined;
    else state.histories?.add(realized.participants, body, accountant);
  }
  const round = body.kind === 'charge' || body.kind === 'observe' ? body.round : undefined;
  for (const client of realized?.participants ?? []) {
    state.clients.set(client, { times: (state.clients.get(client)?.times ?? 0) + 1, round });
  }
}

/** ε at `delta` of what the ledger composes, and of `more` on top, by a fresh accountant; 0 for nothing. */
export function epsilonOf(state: LedgerState, make: () => Accountant, delta: number, more?: NextRelease): number {
  if (state.adaptive !== undefined) return state.adaptive.epsilon(delta, more);
  if (state.histories !== undefined) {
    return more === undefined
      ? state.histories.epsilon(make, delta)
      : state.histories.epsilonWith(more.participants, more, make, delta);
  }
  if (state.charged.size === 0 && more === undefined) return 0;
  const accountant = make();
  for (const { event, count } of state.charged.values()) accountant.compose(event, count);
  if (more !== undefined) accountant.compose(more.event, more.count);
  return accountant.epsilon(delta);
}

/** What the ledger's ε rests on. */
export function ledgerFilter({ identity, charged }: LedgerState): LedgerFilter {
  return filterOf(
    identity,
    [...charged.values()].map(({ event }) => event),
  );
}

/**
 * Refuses, with `BUDGET_EXHAUSTED`, a round in which some client would exceed its participations or come back too soon; with
 * `INVALID_ARGUMENT` one that names a client twice, or names none where the ledger counts them.
 */
export function checkParticipants(
  where: string,
  state: LedgerState,
  round: number | undefined,
  participants: readonly ClientId[] | undefined,
): void {
  const { composition, maxParticipations, minSeparation } = state.identity;
  if (composition === undefined && maxParticipations === undefined && minSeparation === undefined) return;
  if (participants === undefined)
    refuse('INVALID_ARGUMENT', `${where}: participants`, 'the clients that took part', undefined);
  if (new Set(participants).size !== participants.length) {
    refuse('INVALID_ARGUMENT', `${where}: participants`, 'every client once', 'one twice');
  }
  if (minSeparation !== undefined && round === undefined) {
    refuse('INVALID_ARGUMENT', `${where}: round`, 'the number of the round', round);
  }
  for (const client of participants) {
    const known = state.clients.get(client);
    if (known === undefined) continue;
    if (maxParticipations !== undefined && known.times >= maxParticipations) {
      refuse(
        'BUDGET_EXHAUSTED',
        `${where}: participants`,
        `each client at most ${maxParticipations} times`,
        known.times + 1,
      );
    }
    if (minSeparation !== undefined && (round as number) - (known.round as number) < minSeparation) {
      refuse(
        'BUDGET_EXHAUSTED',
        `${where}: participants`,
        `${minSeparation} rounds between two of one client`,
        (round as number) - (known.round as number),
      );
    }
  }
}
