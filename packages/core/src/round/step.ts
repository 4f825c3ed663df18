/**
 * What one event does to a round: the rules of {@link RoundMachine}, one event at a time.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { ErrorCode } from '../errors.ts';
import type { Blame } from '../secure/contract.ts';
import type { RoundFacts } from '../pipeline/contract.ts';
import { deleteClient, emptyMap, getClient, setClient } from './client-map.ts';
import { afterStage, newRound, withClients, withDropouts, withoutOpen, withPlace } from './current-round.ts';
import { advanceClock } from './logical-clock.ts';
import { withReopened } from './lost-messages.ts';
import { readmit, withExcluded } from './excluded.ts';
import { countDecline, countRefusal, countReport, countTraffic, NO_COUNTS, type RoundRecord } from './record.ts';
import { recordOf, type RoundEnd } from './record-of-round.ts';
import { hasYielded, isResting, neededClients, withRest } from './rest.ts';
import { MAX_TICKETS, roundOfTicket, type RoundRules } from './round-options.ts';
import type { DeclineReason } from '../protocol/message.ts';
import type { Answer, CurrentRound, Member, RoundEffect, RoundEvent, RoundState } from './state.ts';

type Draft = { -readonly [K in keyof RoundState]: RoundState[K] };

/** One step on its way: a shallow copy of the state; what hangs below is replaced, never changed. */
export class Step {
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
    if (state.phase === 'waiting' && !this.#exchange && hasYielded(state, this.#rules)) {
      this.#enter('closing');
      this.effects.push(...this.outstanding());
    }
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

  deadline(): { readonly stage?: string; readonly remaining?: number } | undefined {
    const { phase, current, now, since } = this.state;
    if (!current) return undefined;
    const { stage } = current;
    if (phase === 'waiting') return { stage, remaining: Math.max(0, since + this.#rules.recruiting - now) };
    return phase === 'collecting' ? { stage, remaining: this.#remaining() } : { stage };
  }

  excludes(client: ClientId): boolean {
    return this.state.excluded?.some((one) => one.client === client) ?? false;
  }

  standing(client: ClientId): Answer | undefined {
    const { phase, current, waiting } = this.state;
    if (phase === 'finished' || phase === 'cancelled') return { kind: 'closed' };
    const member = current ? getClient(current.members, client) : undefined;
    if (member && this.#isThere(member)) {
      return { kind: 'task', ticket: member.ticket, expiresIn: Math.ceil(this.#remaining()) };
    }
    // Who has reported is told to wait without being kept: no round may draw it before this one is over.
    if (member?.place === 'accepted') return { kind: 'wait' };
    if (isResting(this.state, client)) return { kind: 'wait' };
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
        if (known === undefined && !this.excludes(event.client))
          state.waiting = setClient(state.waiting, event.client, true);
        // A join that opens a round is answered by whoever opened it.
        return this.#send(event.client, known ?? { kind: 'wait' });
      }
      case 'left':
        return this.#left(event.client, event.ticket);
      case 'declined':
        return this.#declined(event.client, event.ticket, event.reason);
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
        this.#exclude(facts.blamed);
        this.#finish('published', { contributors, facts });
        if (last || state.published >= this.#rules.rounds) this.#end('finished', !last);
        return;
      }
      case 'resized':
        if (state.phase !== 'finished') return this.#end('finished', true);
        delete state.filled;
        return this.#enter('waiting');
      case 'failed':
        return this.#failed(event.code, event.last ?? false, event.blamed);
      case 'readmitted':
        return readmit(state, event.client);
      case 'traffic':
        state.counters = countTraffic(state.counters, event);
        return;
      case 'reopened':
        state.current = withReopened(state, event.clients);
        return this.#enter('collecting');
      case 'pause':
      case 'resume':
        return void (state.paused = event.kind === 'pause');
      case 'extend':
        if (state.phase !== 'collecting' && state.phase !== 'waiting') this.#expect('collecting');
        state.since += event.milliseconds;
        return;
      case 'rolledBack':
        if (state.phase === 'finished' || state.phase === 'cancelled') this.#expect('waiting');
        if (state.current) this.#abandon('ABORTED');
        else this.effects.push({ kind: 'checkpoint' });
        this.#enter('waiting');
        state.base = event.round;
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
    const { recruiting, population } = this.#rules;
    if (now < notBefore) return false;
    const wanted = current ? current.places - current.accepted : population;
    const needed = neededClients(state, this.#rules);
    return waiting.size >= wanted || (now - since >= recruiting && waiting.size >= needed);
  }

  #declined(client: ClientId, ticket: number, reason: DeclineReason): void {
    const { state } = this;
    const member = this.#member(client, ticket);
    if (!member) return;
    // Said again, it is the same.
    if (this.#isThere(member)) {
      state.resting = withRest(state, client, this.#rules.declined);
      state.counters = countDecline(state.counters, reason);
    }
    this.#left(client, ticket);
  }

  /** Whether something is still expected of a client. */
  #isThere({ place }: Member): boolean {
    return place === 'open' || (this.#exchange && place === 'accepted');
  }

  /** Ends a rest: the client has done what was asked. */
  #rested(client: ClientId): void {
    const { resting } = this.state;
    if (resting && resting.size > 0) this.state.resting = deleteClient(resting, client);
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
    } else if (current.accepted >= Math.min(this.#rules.minimum, current.target)) {
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

  #dropOpen(): void {
    this.state.current = withoutOpen(this.state.current as CurrentRound);
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
    if (!this.#isThere(member) || (state.phase !== 'collecting' && state.phase !== 'advancing')) return;
    this.#place(client, member, 'left');
    state.current = withDropouts(state.current as CurrentRound, current.stage, 1);
    if (this.#exchange) this.effects.push({ kind: 'drop', client });
  }

  #reported(client: ClientId, ticket: number): void {
    const member = this.#member(client, ticket);
    if (!member) return;
    if (member.place === 'open' && this.state.phase === 'collecting') {
      this.effects.push({ kind: 'accept', client, ticket });
    } else if (member.place === 'accepted') {
      // Of an exchange, a message again is how a client asks whether there is another.
      if (!this.#exchange) this.#count('duplicates');
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
    this.#rested(client);
    this.#send(client, this.#exchange ? { kind: 'wait' } : { kind: 'accepted', ticket });
  }

  #opened(event: RoundEvent & { kind: 'opened' }): void {
    const { state } = this;
    const { clients, population } = event;
    this.#expect('opening');
    const refill = state.current;
    const strangers = clients.some((client) => getClient(state.waiting, client) === undefined);
    // Places are as many as were drawn: with fewer than the minimum a round could never be filled up.
    const least = refill || event.part ? 1 : Math.max(1, neededClients(state, this.#rules));
    if (strangers || new Set(clients).size !== clients.length || clients.length < least) {
      const expected = `at least ${least} of the clients that wait, each once`;
      refuse('PROTOCOL_STATE', 'roundMachine.step: opened', expected, clients.length);
    }
    const current = refill
      ? { ...refill, scheme: { kind: 'none' } as const, population: Math.max(refill.population, population) }
      : newRound(++state.round, event, this.#rules, state.now);
    for (const client of clients) state.waiting = deleteClient(state.waiting, client);
    const firstTicket = current.round * MAX_TICKETS + current.invited;
    state.current = withClients(current, clients, firstTicket);
    this.#enter('collecting');
    this.effects.push({ kind: 'invite', clients, firstTicket }, { kind: 'checkpoint' });
  }

  #advanced(event: RoundEvent & { kind: 'advanced' }): void {
    const { state } = this;
    this.#expect('advancing');
    state.current = afterStage(state.current as CurrentRound, event);
    this.#enter(event.finished ? 'closing' : 'collecting');
    this.effects.push(...this.outstanding(), { kind: 'checkpoint' });
  }

  #failed(code: ErrorCode, last: boolean, blamed?: readonly Blame[]): void {
    const { state } = this;
    if (state.phase !== 'opening' && state.phase !== 'advancing' && state.phase !== 'closing') this.#expect('closing');
    if (state.phase === 'opening' && !last) {
      // A draw that came to too few; what a round in want of reports has is kept.
      state.notBefore = state.now + this.#rules.retryAfter;
      return this.#enter('waiting');
    }
    this.#exclude(blamed);
    if (state.current) this.#abandon(code, blamed);
    if (last) this.#end('finished');
  }

  #end(phase: 'finished' | 'cancelled', filled = false): void {
    this.#enter(phase);
    if (filled) this.state.filled = true;
    this.state.waiting = emptyMap();
    this.effects.push({ kind: 'checkpoint' });
  }

  #abandon(reason: ErrorCode, blamed: readonly Blame[] = []): void {
    this.state.notBefore = this.state.now + this.#rules.retryAfter;
    this.#finish('abandoned', { reason, ...(blamed.length > 0 && { blamed }) });
  }

  /** Who was proved to cheat is drawn no more. */
  #exclude(blamed: readonly Blame[] = []): void {
    const { state } = this;
    const { round } = state.current as CurrentRound;
    for (const { client, as } of blamed) {
      state.excluded = withExcluded(state.excluded, { client, as, round });
      state.waiting = deleteClient(state.waiting, client);
    }
  }

  #finish(outcome: RoundRecord['outcome'], end: RoundEnd): void {
    const { state } = this;
    this.#dropOpen();
    const record = recordOf(state, outcome, end);
    if (outcome === 'published') delete state.base;
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
    this.state.current = withPlace(this.state.current as CurrentRound, client, member, place);
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
