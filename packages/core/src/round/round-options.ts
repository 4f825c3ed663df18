/**
 * How rounds are run: whom they wait for, and how long.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';

/** How long rounds wait, in milliseconds > 0. */
export interface RoundDeadlines {
  /** For more clients once there are `minimum`; default 60,000. */
  readonly recruiting?: number;
  /** From the invitation to the report, or to an exchange's first message: download and training. Default 600,000. */
  readonly reporting?: number;
  /**
   * Until a client that declined may be drawn again; doubled with every time in a row that it declines, up to an hour.
   * Default 60,000.
   */
  readonly declined?: number;
  /** For each later stage of an exchange; default 60,000. */
  readonly stage?: number;
}

/** What a run of rounds is told. */
export interface RoundOptions {
  /** Clients whose updates a round is meant to have, an integer in [1, 2^20). */
  readonly cohort: number;
  /**
   * The fewest that it is published with, in [1, `cohort`]. Default `cohort`, less the clients that declined and rest, once
   * `deadlines.recruiting` is over without others to take their places; never fewer than the pipeline insists on.
   */
  readonly minimum?: number;
  /**
   * ≥ 1, default 1: cohort × this many are invited, and the round closes with the first `cohort` of them. The fast ones are
   * no random sample: the scheme is then `none`.
   */
  readonly overSelection?: number;
  /** Clients that have to wait before a round draws of them; default: as many as are invited. */
  readonly population?: number;
  /** How long rounds wait. */
  readonly deadlines?: RoundDeadlines;
  /** How long clients are told to wait, and a run after a round that came to nothing; milliseconds > 0, default 1,000. */
  readonly retryAfter?: number;
  /** Published rounds to run; default: on and on. */
  readonly rounds?: number;
}

/** {@link RoundOptions} with nothing left open. */
export interface RoundRules {
  readonly cohort: number;
  readonly minimum: number;
  /** What `minimum` yields to: the fewest that the pipeline releases. */
  readonly floor: number;
  /** Whether clients that rest are taken off `minimum`, since nobody has named it. */
  readonly yielding: boolean;
  /** Whether the first `cohort` reports are enough. */
  readonly overSelected: boolean;
  /** Clients to invite. */
  readonly places: number;
  readonly population: number;
  readonly recruiting: number;
  readonly reporting: number;
  readonly declined: number;
  readonly stage: number;
  readonly retryAfter: number;
  readonly rounds: number;
}

/** Tickets of one round: round · 2^20 and up. */
export const MAX_TICKETS: number = 2 ** 20;

/** The round of a ticket. */
export function roundOfTicket(ticket: number): number {
  return Math.floor(ticket / MAX_TICKETS);
}

const DEADLINES: OptionNames<RoundDeadlines> = { recruiting: true, reporting: true, declined: true, stage: true };

/** @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT` by the option's name. */
export function checkRoundOptions(where: string, options: RoundOptions): RoundRules {
  if (typeof options !== 'object' || options === null) refuse('INVALID_ARGUMENT', where, 'options', options);
  const cohort = checkInteger(`${where}: cohort`, options.cohort, 1, MAX_TICKETS - 1);
  const minimum = checkInteger(`${where}: minimum`, options.minimum ?? cohort, 1, cohort);
  const factor = checkNumber(`${where}: overSelection`, options.overSelection ?? 1, 1);
  const places = checkInteger(`${where}: cohort · overSelection`, Math.ceil(cohort * factor), 1, MAX_TICKETS - 1);
  const { deadlines = {} } = options;
  checkOptions(`${where}: deadlines`, deadlines, DEADLINES);
  const { recruiting = 60_000, reporting = 600_000, declined = 60_000, stage = 60_000 } = deadlines;
  return {
    cohort,
    minimum,
    floor: 1,
    yielding: options.minimum === undefined,
    overSelected: factor > 1,
    places,
    population: checkInteger(`${where}: population`, options.population ?? places, minimum),
    recruiting: checkPositive(`${where}: deadlines.recruiting`, recruiting),
    reporting: checkPositive(`${where}: deadlines.reporting`, reporting),
    declined: checkPositive(`${where}: deadlines.declined`, declined),
    stage: checkPositive(`${where}: deadlines.stage`, stage),
    retryAfter: checkPositive(`${where}: retryAfter`, options.retryAfter ?? 1000, 0xffffffff),
    rounds: options.rounds === undefined ? Infinity : checkInteger(`${where}: rounds`, options.rounds, 1),
  };
}
