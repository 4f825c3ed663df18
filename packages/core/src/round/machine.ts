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
import { checkInteger, refuse } from '../check.ts';
import { emptyMap } from './client-map.ts';
import { NO_COUNTS } from './record.ts';
import { endsRestSince, isUnfilled, neededClients } from './rest.ts';
import { checkRoundOptions, type RoundOptions } from './round-options.ts';
import type { Answer, RoundEffect, RoundEvent, RoundState } from './state.ts';
import { Step } from './step.ts';

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
  /** The current stage, and milliseconds until it ends whoever has answered, at this time. */
  deadline(state: RoundState, time: number): { readonly stage?: string; readonly remaining?: number } | undefined;
  /** What a client that asks for work is told; `undefined` if it has to join first. */
  standing(state: RoundState, client: ClientId): Answer | undefined;
  /** The fewest clients that have to wait before a round is opened: the minimum, less what clients that rest have taken off. */
  needed(state: RoundState): number;
  /** Whether the run has waited as long as `deadlines.recruiting` and still lacks clients. */
  unfilled(state: RoundState, time: number): boolean;
  /** What `reported` would come to: `open` where the report would be given to the collector. */
  place(state: RoundState, client: ClientId, ticket: number): Answer | { readonly kind: 'open' };
}

/**
 * @param options.collects - Whether clients send one report each, or exchange messages in stages.
 * @param options.minimumContributors - The fewest that the pipeline releases an aggregate of; default 1.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT` for options that cannot be.
 */
export function roundMachine(
  options: RoundOptions & { readonly collects: 'reports' | 'exchange'; readonly minimumContributors?: number },
): RoundMachine {
  const floor = checkInteger('roundMachine: minimumContributors', options.minimumContributors ?? 1, 1);
  const rules = { ...checkRoundOptions('roundMachine', options), floor };
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
      return step.effects.length > 0 || step.state.phase !== state.phase || endsRestSince(step.state, state.now);
    },
    outstanding: (state) => new Step(rules, collects, state).outstanding(),
    deadline(state, time) {
      const step = new Step(rules, collects, state);
      step.clock(time, true);
      return step.deadline();
    },
    standing: (state, client) => new Step(rules, collects, state).standing(client),
    needed: (state) => neededClients(state, rules),
    unfilled(state, time) {
      const step = new Step(rules, collects, state);
      step.clock(time, true);
      return isUnfilled(step.state, rules);
    },
    place(state, client, ticket) {
      const step = new Step(rules, collects, state);
      step.take({ kind: 'reported', client, ticket, time: state.clock });
      for (const effect of step.effects) if (effect.kind === 'send') return effect.answer;
      return { kind: 'open' };
    },
  };
}
