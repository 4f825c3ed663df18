/**
 * The round as a pure state machine: an event in, the next state and what is to be done out. It knows no clock, no network
 * and no model; the same events give the same states and effects, so a log of events is a checkpoint.
 *
 *     waiting ──▶ opening ──▶ collecting ──▶ closing ──▶ waiting … ──▶ finished
 *        ▲           │          │    ▲ │         │
 *        └───────────┴──────────┘    │ ▼         └─▶ (cannot be closed) waiting
 *         comes to nothing, anew   advancing  (an exchange's stages)
 *
 * What holds, whatever the events and their order:
 *
 * - A report counts once it is acknowledged (`accepted`), and only then: whether its client leaves afterwards, comes
 *   again or is never heard of again changes nothing. It is in the next published model, unless the run is cancelled or the
 *   pipeline refuses to release the aggregate.
 * - A client that left before is not waited for, and what it still sends is late.
 * - When a deadline passes with fewer reports than `minimum`, nobody's is thrown away: the places are filled with whoever
 *   waits, and the round goes on. With none, it is abandoned and a new one drawn.
 * - Who comes during a round waits for the next; a slow client holds nothing up past the deadline.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { ErrorCode } from '../errors.ts';
import type { RoundFacts } from '../pipeline/contract.ts';
import { deleteClient, emptyMap, getClient, mapClients, setClient } from './client-map.ts';
import { advanceClock } from './logical-clock.ts';
import { countRefusal, countReport, countTraffic, NO_COUNTS, type RoundRecord } from './record.ts';
import { checkRoundOptions, MAX_TICKETS, type RoundOptions, type RoundRules } from './round-options.ts';
import type { Answer, CurrentRound, Member, RoundEffect, RoundEvent, RoundState } from './state.ts';

/** A run of rounds. Nothing is kept between calls. */
export interface RoundMachine {
  /** Before anyone has come. @param time - What the clock says. */
  init(time: number): RoundState;
  /**
   * The state after `event`, and what it makes necessary. `state` is never changed. O(1) in clients for reports and messages.
   *
   * @throws FedkitError `PROTOCOL_STATE` for an outcome of an effect that was never asked for.
   */
  step(state: RoundState, event: RoundEvent): { readonly state: RoundState; readonly effects: readonly RoundEffect[] };
  /** Whether `tick` at this time would do anything. */
  due(state: RoundState, time: number): boolean;
  /** The effects that are still outstanding: what to do first after a restore. */
  outstanding(state: RoundState): readonly RoundEffect[];
  /** What a client that asks for work is told; `undefined` if it has to join first. */
  standing(state: RoundState, client: ClientId): Answer | undefined;
  /** What `reported` would come to: `open` where the report would be given to the collector. */
  place(state: RoundState, client: ClientId, ticket: number): Answer | { readonly kind: 'open' };
}

type Draft = { -readonly [K in keyof RoundState]: RoundState[K] };
type DraftRound = { -readonly [K in keyof CurrentRound]: CurrentRound[K] };

/** The round of a ticket. */
export function roundOfTicket(ticket: number): number {
  return Math.floor(ticket / MAX_TICKETS);
}

/**
 * @param options.collects - Whether clients send one report each, or exchange messages in stages.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT` for options that cannot be.
 */
export function roundMachine(options: RoundOptions & { readonly collects: 'reports' | 'exchange' }): RoundMachine {
  const rules = checkRoundOptions('roundMachine', options);
  const { collects } = options;
  if (collects !== 'reports' && collects !== 'exchange') {
    refuse('INVALID_ARGUMENT', 'roundMachine: collects', '"reports" or "exchange"', collects);
  }
  return {
    init: (time) => ({
      phase: 'waiting',
      paused: false,
      now: 0,
      clock: time,
      since: 0,
      notBefore: 0,
      round: 0,
      published: 0,
      waiting: emptyMap(),
      current: null,
      counters: NO_COUNTS,
    }),
    step(state, event) {
      const step = new Step(rules, collects, state);
      step.clock(event.time, event.kind !== 'restored');
      step.progress();
      step.take(event);
      step.progress();
      return { state: step.state, effects: step.effects };
    },
    due(state, time) {
      if (time < state.clock) return true;
      const step = new Step(rules, collects, state);
      step.clock(time, true);
      step.progress();
      return step.effects.length > 0 || step.state.phase !== state.phase;
    },
    outstanding: (state) => new Step(rules, collects, state).outstanding(),
    standing: (state, client) => new Step(rules, collects, state).standing(client),
    place(state, client, ticket) {
      const step = new Step(rules, collects, state);
      step.take({ kind: 'reported', client, ticket, time: state.clock });
      for (const effect of step.effects) if (effect.kind === 'send') return effect.answer;
      return { kind: 'open' };
    },
  };
}

/** One step on its way: a shallow copy of the state; what hangs below is replaced, never changed. */
class Step {
  readonly state: Draft;
  readonly effects: RoundEffect[] = [];
  readonly #rules: RoundRules;
  readonly #exchange: boolean;

  constructor(rules: RoundRules, collects: 'reports' | 'exchange', state: RoundState) {
    this.#rules = rules;
    this.#exchange = collects === 'exchange';
    this.state = { ...state };
  }

  clock(time: number, counts: boolean): void {
    const { now, clock } = advanceClock(this.state, time, counts && !this.state.paused);
    this.state.now = now;
    this.state.clock = clock;
  }

  /** Goes on to the next phase where it is time. */
  progress(): void {
    const { state } = this;
    if (state.paused) return;
    if (state.phase === 'collecting' && this.#collected()) this.#endCollecting();
    if (state.phase === 'waiting' && this.#canOpen()) {
      this.#enter('opening');
      this.effects.push(...this.outstanding());
    }
  }

  outstanding(): RoundEffect[] {
    const { phase, current, round } = this.state;
    if (phase === 'opening') {
      const places = (current?.places ?? this.#rules.places) - (current?.accepted ?? 0);
      return [{ kind: 'open', round: current?.round ?? round + 1, places, refill: current !== null }];
    }
    if (phase === 'advancing') return [{ kind: 'advance' }];
    if (phase === 'closing') return [{ kind: 'close', facts: this.#facts() }];
    return [];
  }

  standing(client: ClientId): Answer | undefined {
    const { phase, current, waiting } = this.state;
    if (phase === 'finished' || phase === 'cancelled') return { kind: 'closed' };
    const member = current ? getClient(current.members, client) : undefined;
    if (member?.place === 'open' || (this.#exchange && member?.place === 'accepted')) {
      return { kind: 'task', ticket: member.ticket, expiresIn: Math.ceil(this.#remaining()) };
    }
    // Who has reported is told to wait without being kept: no round may draw it before this one is over.
    if (member?.place === 'accepted') return { kind: 'wait' };
    return getClient(waiting, client) && { kind: 'wait' };
  }

  take(event: RoundEvent): void {
    const { state } = this;
    switch (event.kind) {
      case 'tick':
      case 'restored':
        return;
      case 'joined': {
        const known = this.standing(event.client);
        if (known === undefined) state.waiting = setClient(state.waiting, event.client, true);
        // A join that opens a round is answered by whoever opened it.
        return this.#send(event.client, known ?? { kind: 'wait' });
      }
      case 'left':
        return this.#left(event.client, event.ticket);
      case 'reported':
        return this.#reported(event.client, event.ticket);
      case 'accepted':
        return this.#accepted(event.client, event.ticket);
      case 'refused':
        state.counters = countRefusal(state.counters, event.code);
        return;
      case 'stale':
        return this.#count(event.counted ? 'duplicates' : 'late');
      case 'opened':
        return this.#opened(event);
      case 'advanced':
        return this.#advanced(event);
      case 'closed': {
        const { contributors, facts, last } = event;
        this.#expect('closing');
        state.published++;
        this.#finish('published', { contributors, facts });
        if (last || state.published >= this.#rules.rounds) this.#end('finished');
        return;
      }
      case 'failed':
        return this.#failed(event.code, event.last ?? false);
      case 'traffic':
        state.counters = countTraffic(state.counters, event);
        return;
      case 'pause':
        state.paused = true;
        return;
      case 'resume':
        state.paused = false;
        return;
      case 'cancel':
        if (state.phase === 'finished' || state.phase === 'cancelled') return;
        if (state.current) this.#finish('cancelled', {});
        this.#end('cancelled');
        return;
      default:
        refuse('INVALID_ARGUMENT', 'roundMachine.step: event', 'a known kind', (event as { kind: unknown }).kind);
    }
  }

  #canOpen(): boolean {
    const { state } = this;
    const { current, now, since, notBefore, waiting } = state;
    const { minimum, recruiting, population } = this.#rules;
    if (now < notBefore) return false;
    const wanted = current ? current.places - current.accepted : population;
    const needed = current ? minimum - current.accepted : minimum;
    return waiting.size >= wanted || (now - since >= recruiting && waiting.size >= needed);
  }

  #collected(): boolean {
    const { open, accepted, target, stageNumber } = this.state.current as CurrentRound;
    // After the first stage of an exchange everyone's answer is worth waiting for: it is needed to open the sum.
    const enough = stageNumber === 0 && accepted >= target;
    return open === 0 || enough || this.#remaining() <= 0;
  }

  #remaining(): number {
    const { now, since, current } = this.state;
    const { reporting, stage } = this.#rules;
    return Math.max(0, since + (this.#exchange && current && current.stageNumber > 0 ? stage : reporting) - now);
  }

  #endCollecting(): void {
    const { state } = this;
    const current = state.current as CurrentRound;
    if (this.#exchange) {
      this.#enter('advancing');
    } else if (current.accepted >= this.#rules.minimum) {
      this.#enter('closing');
    } else if (current.accepted === 0 || current.invited + current.places > MAX_TICKETS) {
      return this.#abandon('THRESHOLD_NOT_MET');
    } else {
      this.#dropOpen();
      this.#enter('waiting');
      return;
    }
    this.effects.push(...this.outstanding());
  }

  /** Nobody is awaited any more who has not answered by now. */
  #dropOpen(): void {
    const current = { ...(this.state.current as CurrentRound) } as DraftRound;
    if (current.open === 0) return;
    current.members = mapClients(current.members, (member) =>
      member.place === 'open' ? { ...member, place: 'late' as const } : member,
    );
    current.dropouts = add(current.dropouts, current.stage, current.open);
    current.open = 0;
    this.state.current = current;
  }

  #left(client: ClientId, ticket: number | undefined): void {
    const { state } = this;
    if (ticket === undefined) {
      state.waiting = deleteClient(state.waiting, client);
      return;
    }
    const member = this.#member(client, ticket);
    if (!member) return;
    this.#send(client, { kind: 'left', ticket });
    const current = state.current as CurrentRound;
    const gone = member.place === 'open' || (this.#exchange && member.place === 'accepted');
    if (!gone || (state.phase !== 'collecting' && state.phase !== 'advancing')) return;
    this.#place(client, member, 'left');
    state.current = { ...(state.current as CurrentRound), dropouts: add(current.dropouts, current.stage, 1) };
    if (this.#exchange) this.effects.push({ kind: 'drop', client });
  }

  #reported(client: ClientId, ticket: number): void {
    const member = this.#member(client, ticket);
    if (!member) return;
    if (member.place === 'open' && this.state.phase === 'collecting') {
      this.effects.push({ kind: 'accept', client, ticket });
    } else if (member.place === 'accepted') {
      this.#count('duplicates');
      this.#send(client, this.#exchange ? { kind: 'wait' } : { kind: 'accepted', ticket });
    } else if (this.#exchange && member.place !== 'left') {
      // Also for one that has missed a stage: the others may open the sum that its input is in. The record will tell.
      this.#send(client, { kind: 'wait' });
    } else {
      this.#count('late');
      this.#send(client, { kind: 'late', ticket });
    }
  }

  #accepted(client: ClientId, ticket: number): void {
    const { current, phase } = this.state;
    const member = current ? getClient(current.members, client) : undefined;
    if (phase !== 'collecting' || member?.ticket !== ticket || member.place !== 'open') {
      refuse('PROTOCOL_STATE', 'roundMachine.step: accepted', 'the ticket of a client that is awaited', phase);
    }
    this.#place(client, member, 'accepted');
    this.#send(client, this.#exchange ? { kind: 'wait' } : { kind: 'accepted', ticket });
  }

  #opened(event: RoundEvent & { kind: 'opened' }): void {
    const { state } = this;
    const { clients, scheme, population, stage } = event;
    const rules = this.#rules;
    this.#expect('opening');
    const refill = state.current;
    const strangers = clients.some((client) => getClient(state.waiting, client) === undefined);
    // Places are as many as were drawn: with fewer than the minimum a round could never be filled up.
    const least = refill ? 1 : rules.minimum;
    if (strangers || new Set(clients).size !== clients.length || clients.length < least) {
      const expected = `at least ${least} of the clients that wait, each once`;
      refuse('PROTOCOL_STATE', 'roundMachine.step: opened', expected, clients.length);
    }
    const overSelected = rules.overSelected && clients.length > rules.cohort;
    const current: DraftRound = refill
      ? { ...refill, scheme: { kind: 'none' }, population: Math.max(refill.population, population) }
      : {
          round: ++state.round,
          scheme: overSelected ? { kind: 'none' } : scheme,
          population,
          places: clients.length,
          target: overSelected ? rules.cohort : clients.length,
          invited: 0,
          members: emptyMap(),
          open: 0,
          accepted: 0,
          stage: stage ?? 'reporting',
          stageNumber: 0,
          dropouts: {},
          openedAt: state.now,
        };
    const firstTicket = current.round * MAX_TICKETS + current.invited;
    clients.forEach((client, i) => {
      state.waiting = deleteClient(state.waiting, client);
      const before = getClient(current.members, client);
      const earlier = before && { earlier: [...(before.earlier ?? []), before.ticket] };
      current.members = setClient(current.members, client, { ticket: firstTicket + i, place: 'open', ...earlier });
    });
    current.invited += clients.length;
    current.open += clients.length;
    state.current = current;
    this.#enter('collecting');
    this.effects.push({ kind: 'invite', clients, firstTicket }, { kind: 'checkpoint' });
  }

  #advanced(event: RoundEvent & { kind: 'advanced' }): void {
    const { state } = this;
    this.#expect('advancing');
    const current = { ...(state.current as CurrentRound) } as DraftRound;
    const awaited = new Set(event.awaited);
    let dropped = 0;
    let staying = 0;
    current.members = mapClients(current.members, (member, client) => {
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
    current.dropouts = add(current.dropouts, current.stage, dropped);
    current.open = event.finished ? 0 : staying;
    current.accepted = event.finished ? staying : 0;
    current.stage = event.stage;
    current.stageNumber++;
    state.current = current;
    this.#enter(event.finished ? 'closing' : 'collecting');
    this.effects.push(...this.outstanding(), { kind: 'checkpoint' });
  }

  #failed(code: ErrorCode, last: boolean): void {
    const { state } = this;
    if (state.phase !== 'opening' && state.phase !== 'advancing' && state.phase !== 'closing') this.#expect('closing');
    if (state.phase === 'opening' && !last) {
      // A draw that came to too few; what a round in want of reports has is kept.
      state.notBefore = state.now + this.#rules.retryAfter;
      return this.#enter('waiting');
    }
    if (state.current) this.#abandon(code);
    if (last) this.#end('finished');
  }

  #end(phase: 'finished' | 'cancelled'): void {
    this.#enter(phase);
    this.state.waiting = emptyMap();
    this.effects.push({ kind: 'checkpoint' });
  }

  #abandon(reason: ErrorCode): void {
    this.state.notBefore = this.state.now + this.#rules.retryAfter;
    this.#finish('abandoned', { reason });
  }

  #finish(
    outcome: RoundRecord['outcome'],
    { contributors = [], facts = {}, reason }: Partial<Pick<RoundRecord, 'contributors' | 'facts' | 'reason'>>,
  ): void {
    const { state } = this;
    this.#dropOpen();
    const { round, scheme, population, invited, accepted, dropouts, openedAt } = state.current as CurrentRound;
    const { up, down, ...counts } = state.counters;
    const record: RoundRecord = {
      round,
      outcome,
      ...(reason && { reason }),
      scheme,
      population,
      invited,
      contributors,
      survivors: accepted,
      dropouts,
      ...counts,
      bytes: { up, down },
      milliseconds: state.now - openedAt,
      facts,
    };
    state.current = null;
    state.counters = NO_COUNTS;
    this.#enter('waiting');
    this.effects.push({ kind: outcome === 'published' ? 'publish' : 'abandon', record }, { kind: 'checkpoint' });
  }

  /** The client's place by this ticket; answers for tickets that are not the current one. */
  #member(client: ClientId, ticket: number): Member | undefined {
    const { current, round } = this.state;
    const member = current ? getClient(current.members, client) : undefined;
    if (member?.ticket === ticket) return member;
    const of = roundOfTicket(ticket);
    if (of > round || of < 1 || !Number.isSafeInteger(ticket)) this.#send(client, { kind: 'unknown' });
    else if (current && of === current.round) {
      const held = member?.earlier?.includes(ticket) ?? false;
      if (held) this.#count('late');
      this.#send(client, held ? { kind: 'late', ticket } : { kind: 'unknown' });
    } else this.#send(client, { kind: 'earlier', ticket });
    return undefined;
  }

  #place(client: ClientId, member: Member, place: 'accepted' | 'left'): void {
    const current = { ...(this.state.current as CurrentRound) } as DraftRound;
    current.members = setClient(current.members, client, { ...member, place });
    if (member.place === 'open') current.open--;
    else current.accepted--;
    if (place === 'accepted') current.accepted++;
    this.state.current = current;
  }

  #facts(): RoundFacts {
    const { round, scheme, population } = this.state.current as CurrentRound;
    return { round, scheme, population };
  }

  #count(what: 'late' | 'duplicates'): void {
    this.state.counters = countReport(this.state.counters, what);
  }

  #enter(phase: RoundState['phase']): void {
    this.state.phase = phase;
    this.state.since = this.state.now;
  }

  #expect(phase: RoundState['phase']): void {
    if (this.state.phase !== phase) refuse('PROTOCOL_STATE', 'roundMachine.step', `phase ${phase}`, this.state.phase);
  }

  #send(client: ClientId, answer: Answer): void {
    this.effects.push({ kind: 'send', client, answer });
  }
}

function add(counts: Readonly<Record<string, number>>, name: string, more: number): Readonly<Record<string, number>> {
  return more === 0 ? counts : { ...counts, [name]: (counts[name] ?? 0) + more };
}
