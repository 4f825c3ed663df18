/**
 * Tells what a run comes to, each thing once, also where a store's failure hid it: what was stored without its writer knowing is
 * told when the store is read anew.
 *
 * @module
 */
import { heard } from '../heard.ts';
import { clientEntries } from './client-map.ts';
import type { RoundRecord } from './record.ts';
import { roundOfTicket } from './round-options.ts';
import type { ServerEvent } from './server-options.ts';
import type { RoundState } from './state.ts';

/** Of the same failure, so many milliseconds pass before it is told again. */
const QUIET = 10_000;
/** Different failures that are remembered. */
const FAILURES = 100;

/** Stands between a server and its listener. */
export class Announcer {
  readonly #listener: (event: ServerEvent) => void;
  readonly #clock: () => number;
  /** What was told of the latest round: clients invited, stages, tickets that counted. */
  #round = 0;
  #invited = 0;
  #stage = 0;
  #tickets = new Set<number>();
  #ended = false;
  readonly #failures = new Map<string, { at: number; hidden: number }>();
  /** Rounds up to here have been told. */
  recorded = 0;
  lastFailure: { readonly time: number; readonly error: unknown } | undefined;

  /** @param listener - What it throws is the latest failure, and changes no answer. */
  constructor(listener: ((event: ServerEvent) => void) | undefined, clock: () => number) {
    this.#listener = heard(listener, (error) => (this.lastFailure = { time: this.#clock(), error }));
    this.#clock = clock;
  }

  /** What was so before this server: nobody is told. */
  begin(state: RoundState | undefined, recorded: number): void {
    this.recorded = recorded;
    if (!state) return;
    this.#enter(state.current?.round ?? state.round);
    const { current } = state;
    this.#invited = current?.invited ?? Infinity;
    this.#stage = current?.stageNumber ?? 0;
    if (current) for (const ticket of acceptedTickets(state)) this.#tickets.add(ticket.ticket);
    this.#ended = state.phase === 'finished' || state.phase === 'cancelled';
  }

  tell(event: ServerEvent): void {
    switch (event.kind) {
      case 'opened':
        this.#enter(event.round);
        this.#invited += event.invited;
        break;
      case 'advanced':
        this.#stage++;
        break;
      case 'accepted':
        if (this.#tickets.has(event.ticket)) return;
        if (roundOfTicket(event.ticket) >= this.#round) this.#tickets.add(event.ticket);
        break;
      case 'published':
      case 'abandoned':
      case 'cancelled':
        if (event.record.round <= this.recorded) return;
        this.recorded = event.record.round;
        break;
      case 'finished':
        if (this.#ended) return;
        this.#ended = true;
        break;
      case 'failed':
        this.#fail(event);
        return;
    }
    this.#listener(event);
  }

  /**
   * Tells what the store holds and nobody was told.
   *
   * @param missed - Records after {@link recorded}, in order.
   */
  catchUp(state: RoundState | undefined, missed: readonly RoundRecord[]): void {
    for (const record of missed) this.tell({ kind: record.outcome, record });
    const current = state?.current;
    if (state && current) {
      const { round, invited, stage, stageNumber } = current;
      const before = round === this.#round ? this.#invited : 0;
      if (invited > before) this.tell({ kind: 'opened', round, invited: invited - before });
      if (stageNumber > this.#stage) {
        this.#stage = stageNumber - 1;
        this.tell({ kind: 'advanced', round, stage: `${stageNumber} ${stage}` });
      }
      if (current.stage === 'reporting')
        for (const accepted of acceptedTickets(state)) this.tell({ kind: 'accepted', ...accepted });
    }
    if (state?.phase === 'finished') this.tell({ kind: 'finished' });
  }

  #enter(round: number): void {
    if (round === this.#round) return;
    this.#round = round;
    this.#invited = 0;
    this.#stage = 0;
    this.#tickets = new Set();
  }

  /** The same failure again and again is told now and then, with how many were not. */
  #fail(event: ServerEvent & { readonly kind: 'failed' }): void {
    const time = this.#clock();
    this.lastFailure = { time, error: event.error };
    const name = String((event.error as Partial<Error> | undefined)?.message ?? event.error);
    const known = this.#failures.get(name);
    // A clock that has jumped back begins anew.
    if (known && time >= known.at && time - known.at < QUIET) {
      known.hidden++;
      return;
    }
    this.#failures.delete(name);
    this.#failures.set(name, { at: time, hidden: 0 });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= FAILURES) break;
      this.#failures.delete(oldest);
    }
    this.#listener(known && known.hidden > 0 ? { ...event, hidden: known.hidden } : event);
  }
}

function acceptedTickets({ current }: RoundState) {
  if (!current) return [];
  return clientEntries(current.members).flatMap(([client, { place, ticket }]) =>
    place === 'accepted' ? [{ client, ticket }] : [],
  );
}
