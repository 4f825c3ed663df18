/**
 * What the state machine of rounds holds, hears and asks for: plain data, all of it.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { ErrorCode } from '../errors.ts';
import type { Blame } from '../secure/contract.ts';
import type { PipelineFacts, RoundFacts } from '../pipeline/contract.ts';
import type { DeclineReason } from '../protocol/message.ts';
import type { SamplingScheme } from '../select/sampling-scheme.ts';
import type { ClientMap } from './client-map.ts';
import type { LogicalClock } from './logical-clock.ts';
import type { Counters, RoundRecord } from './record.ts';

/** A client of the current round. */
export interface Member {
  readonly ticket: number;
  /**
   * `open`: awaited; `accepted`: its report counts, or its message of this stage has been taken; `left` and `late`: nothing
   * more of this ticket counts.
   */
  readonly place: 'open' | 'accepted' | 'left' | 'late';
  /** Tickets it held before in this round: void. */
  readonly earlier?: readonly number[];
}

/** A client that declined, until it has done better. */
export interface Rest {
  /** It is not drawn before, by the logical clock. */
  readonly until: number;
  /** Times in a row. */
  readonly times: number;
}

/** The round that clients are at work on. */
export interface CurrentRound {
  readonly round: number;
  readonly scheme: SamplingScheme;
  readonly population: number;
  /** Most reports that can be counted, and how many end the collecting at once. */
  readonly places: number;
  readonly target: number;
  /** Whether fewer were asked than a round's minimum, as the pipeline has it. */
  readonly part?: true;
  /** Tickets issued. */
  readonly invited: number;
  readonly members: ClientMap<Member>;
  /** Members by place. */
  readonly open: number;
  readonly accepted: number;
  /** The stage of an exchange, or `reporting`, and its number from 0. */
  readonly stage: string;
  readonly stageNumber: number;
  readonly dropouts: Readonly<Record<string, number>>;
  /** When the first clients were invited. */
  readonly openedAt: number;
}

/** A run between two events. Keep it as JSON and go on from it. */
export interface RoundState extends LogicalClock {
  /**
   * `waiting` for clients, or for more of them where `current` lacks reports; `opening`, `advancing` and `closing` while the
   * effect of that name is outstanding; `collecting` reports or messages; `finished` and `cancelled` are the ends.
   */
  readonly phase: 'waiting' | 'opening' | 'collecting' | 'advancing' | 'closing' | 'finished' | 'cancelled';
  readonly paused: boolean;
  /** When the phase, or the stage of an exchange, began. */
  readonly since: number;
  /** No round is opened before: after one that came to nothing. */
  readonly notBefore: number;
  /** The number of the latest round, 0 before the first; rounds that were abandoned have theirs. */
  readonly round: number;
  readonly published: number;
  /** Clients that want to take part. */
  readonly waiting: ClientMap<true>;
  /** Clients that declined last; absent before the first. */
  readonly resting?: ClientMap<Rest>;
  readonly current: CurrentRound | null;
  readonly counters: Counters;
  /** Of a finished run: that it had all the rounds it was told to run, and goes on when it is told to run more. */
  readonly filled?: true;
  /** The round whose model the next one starts from, where the run was rolled back; absent otherwise. */
  readonly base?: number;
  /** Clients that were proved not to follow the protocol, the round that proved it, and as what: drawn no more. */
  readonly excluded?: readonly Exclusion[];
}

/** Who takes part no more, and why. */
export interface Exclusion extends Blame {
  readonly round: number;
}

/** What happened, and when: `time` in milliseconds of any clock, which may jump. */
export type RoundEvent = { readonly time: number } & (
  | { readonly kind: 'tick' }
  /** Opened with other `rounds`: a run that had all of its rounds goes on, or one that has enough now ends. */
  | { readonly kind: 'resized' }
  /** A client asks for work. */
  | { readonly kind: 'joined'; readonly client: ClientId }
  /** A client goes: with its ticket, or out of the waiting. */
  | { readonly kind: 'left'; readonly client: ClientId; readonly ticket?: number }
  /** A client gives its ticket up for a reason, and is not to be drawn again at once. */
  | { readonly kind: 'declined'; readonly client: ClientId; readonly ticket: number; readonly reason: DeclineReason }
  /** A report, or an exchange's message, has come. */
  | { readonly kind: 'reported'; readonly client: ClientId; readonly ticket: number }
  /** Answers `accept`: it was folded, or the exchange took it. */
  | { readonly kind: 'accepted'; readonly client: ClientId; readonly ticket: number }
  /** A request was refused; for a report, this too answers `accept`. */
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  /** A report of an earlier round came: counted then, or not. */
  | { readonly kind: 'stale'; readonly counted: boolean }
  /** Answers `open`: who was drawn of those that wait, and how. */
  | {
      readonly kind: 'opened';
      readonly clients: readonly ClientId[];
      readonly scheme: SamplingScheme;
      readonly population: number;
      /** The exchange's first stage. */
      readonly stage?: string;
      /** Whether fewer are asked than a round's minimum, as the pipeline has it. */
      readonly part?: true;
    }
  /** Answers `advance`: the new stage and whom it awaits. */
  | {
      readonly kind: 'advanced';
      readonly stage: string;
      readonly awaited: readonly ClientId[];
      readonly finished: boolean;
    }
  /** Answers `close`. `last`: enough, whatever `rounds` says. */
  | {
      readonly kind: 'closed';
      readonly contributors: readonly ClientId[];
      readonly facts: PipelineFacts;
      readonly last: boolean;
    }
  /** Answers `open`, `advance` or `close`: it cannot be. `last`: nor ever again. */
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly last?: boolean;
      /** Of an exchange that came to nothing: who is proved not to have followed the protocol. */
      readonly blamed?: readonly Blame[];
    }
  /** The operator lets a client in again. */
  | { readonly kind: 'readmitted'; readonly client: ClientId }
  /** Bytes that went either way. */
  | { readonly kind: 'traffic'; readonly up: number; readonly down: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'cancel' }
  /** The current stage, or the wait for clients, ends so much later. */
  | { readonly kind: 'extend'; readonly milliseconds: number }
  /** The model is again that after `round`; what was under way has come to nothing. */
  | { readonly kind: 'rolledBack'; readonly round: number }
  /** The messages of these clients were lost with the server that had them: they are awaited again, for a whole stage. */
  | { readonly kind: 'reopened'; readonly clients: readonly ClientId[] }
  /** A server goes on from a stored state: the time in between does not count. */
  | { readonly kind: 'restored' }
);

/** What is to be done now, in this order. */
export type RoundEffect =
  /** Draw clients of those that wait, at most `places` of them; then `opened` or `failed`. */
  | { readonly kind: 'open'; readonly round: number; readonly places: number; readonly refill: boolean }
  /** Tell these clients, tickets from `firstTicket` in this order. Where clients ask for work, nothing need be done. */
  | { readonly kind: 'invite'; readonly clients: readonly ClientId[]; readonly firstTicket: number }
  /** Give the report or message to the collector; then `accepted` or `refused`. */
  | { readonly kind: 'accept'; readonly client: ClientId; readonly ticket: number }
  /** Answer the client. */
  | { readonly kind: 'send'; readonly client: ClientId; readonly answer: Answer }
  /** Tell the collector that the client is gone. */
  | { readonly kind: 'drop'; readonly client: ClientId }
  /** End the exchange's stage; then `advanced` or `failed`. */
  | { readonly kind: 'advance' }
  /** Close the collector and step the algorithm; then `closed` or `failed`. Asked for again after a crash. */
  | { readonly kind: 'close'; readonly facts: RoundFacts }
  /** Keep the record; `published` ones come with a new model. */
  | { readonly kind: 'publish' | 'abandon'; readonly record: RoundRecord }
  /** Keep this state: a round has begun or ended. */
  | { readonly kind: 'checkpoint' };

/** What a client is told. */
export type Answer =
  | { readonly kind: 'wait' }
  /** `expiresIn` as in `RoundTask`. */
  | { readonly kind: 'task'; readonly ticket: number; readonly expiresIn: number }
  | { readonly kind: 'accepted' | 'late' | 'left'; readonly ticket: number }
  /** The ticket is of an earlier round: whether it counted then, that round's record knows. */
  | { readonly kind: 'earlier'; readonly ticket: number }
  | { readonly kind: 'closed' }
  /** No such ticket, or another client's. */
  | { readonly kind: 'unknown' };
