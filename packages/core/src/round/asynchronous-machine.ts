/**
 * An asynchronous run as a pure state machine: no rounds, no cohort, nobody waits. As {@link roundMachine}: an event in, the
 * next state and what is to be done out.
 *
 *     joined ──▶ checkout ──▶ checkedOut         a ticket for the model as it is now
 *     reported ──▶ submit ──▶ submitted          counted or not, and whether the model moved
 *     tick ──▶ drop (tickets out of time), flush ──▶ flushed (a buffer that nobody fills)
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import type { Receipt } from '../algorithm/asynchronous.ts';
import { refuse } from '../check.ts';
import type { ErrorCode } from '../errors.ts';
import { type ClientMap, clientEntries, deleteClient, emptyMap, getClient, setClient } from './client-map.ts';
import { advanceClock, type LogicalClock } from './logical-clock.ts';
import {
  type Counters,
  countDecline,
  countRefusal,
  countReport,
  countTraffic,
  NO_COUNTS,
  type RoundRecord,
} from './record.ts';
import type { RoundRules } from './round-options.ts';
import type { DeclineReason } from '../protocol/message.ts';
import type { Answer } from './state.ts';

/** A client at work. */
export interface Worker {
  readonly ticket: number;
  /** Steps of the server when it fetched the model. */
  readonly version: number;
  /** When it did. */
  readonly since: number;
  /** What the pipeline announced for that model, in hexadecimal. */
  readonly parameters: string;
}

/** Contributions since the server's last step. */
interface Buffered {
  /** Each once; `count` counts contributions. */
  readonly contributors: readonly ClientId[];
  readonly count: number;
  readonly staleness: number;
  readonly oldest: number;
  readonly invited: number;
  readonly dropped: number;
  /** When the first of them came; a state of an earlier version does not say. */
  readonly since?: number;
}

/** An asynchronous run between two events. */
export interface AsynchronousRunState extends LogicalClock {
  readonly phase: 'running' | 'finished' | 'cancelled';
  readonly paused: boolean;
  /** Steps of the server. */
  readonly version: number;
  /** When the last one was. */
  readonly since: number;
  readonly working: ClientMap<Worker>;
  /** The last ticket of each client that counted. */
  readonly counted: ClientMap<number>;
  readonly buffered: Buffered;
  readonly counters: Counters;
  /** Of a finished run: as {@link RoundState}'s. */
  readonly filled?: true;
}

export type AsynchronousRunEvent = { readonly time: number } & (
  | { readonly kind: 'tick' }
  /** A client has been handed the model. */
  | { readonly kind: 'checkedOut'; readonly client: ClientId; readonly ticket: number; readonly parameters: string }
  | { readonly kind: 'left'; readonly client: ClientId; readonly ticket: number; readonly reason?: DeclineReason }
  /** A report that is not to be submitted came. */
  | { readonly kind: 'reported'; readonly client: ClientId; readonly ticket: number }
  | ({ readonly kind: 'submitted'; readonly client: ClientId; readonly ticket: number } & Receipt)
  | { readonly kind: 'flushed' }
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  | { readonly kind: 'traffic'; readonly up: number; readonly down: number }
  | { readonly kind: 'pause' | 'resume' | 'cancel' | 'finish' | 'restored' | 'resized' }
);

export type AsynchronousRunEffect =
  /** Forget the client's ticket. */
  | { readonly kind: 'drop'; readonly client: ClientId }
  /** Step with what is buffered; then `flushed`. */
  | { readonly kind: 'flush' }
  | { readonly kind: 'publish' | 'abandon'; readonly record: RoundRecord }
  | { readonly kind: 'checkpoint' };

export interface AsynchronousMachine {
  init(time: number): AsynchronousRunState;
  /** As `RoundMachine.step`. */
  step(
    state: AsynchronousRunState,
    event: AsynchronousRunEvent,
  ): { readonly state: AsynchronousRunState; readonly effects: readonly AsynchronousRunEffect[] };
  /** The ticket of a client at work; `undefined` if it is to be handed the model. */
  standing(state: AsynchronousRunState, client: ClientId): Answer | undefined;
  /** What a report comes to: `open` where it is to be submitted. */
  place(state: AsynchronousRunState, client: ClientId, ticket: number): Answer | { readonly kind: 'open' };
}

const NOTHING: Buffered = { contributors: [], count: 0, staleness: 0, oldest: 0, invited: 0, dropped: 0 };

type Draft = { -readonly [K in keyof AsynchronousRunState]: AsynchronousRunState[K] };

/** Of the rules, `reporting`, `rounds` (steps of the server) and nothing else apply. */
export function asynchronousMachine({ reporting, rounds }: RoundRules): AsynchronousMachine {
  const place: AsynchronousMachine['place'] = (state, client, ticket) => {
    const worker = getClient(state.working, client);
    if (state.phase === 'running' && worker?.ticket === ticket)
      return state.paused ? { kind: 'wait' } : { kind: 'open' };
    return { kind: getClient(state.counted, client) === ticket ? 'accepted' : 'late', ticket };
  };
  return {
    init: (time) => ({
      phase: 'running',
      paused: false,
      now: 0,
      clock: time,
      version: 0,
      since: 0,
      working: emptyMap(),
      counted: emptyMap(),
      buffered: NOTHING,
      counters: NO_COUNTS,
    }),
    standing(state, client) {
      if (state.phase !== 'running') return { kind: 'closed' };
      const worker = getClient(state.working, client);
      if (state.paused) return { kind: 'wait' };
      return (
        worker && { kind: 'task', ticket: worker.ticket, expiresIn: Math.ceil(worker.since + reporting - state.now) }
      );
    },
    place,
    step(before, event) {
      const state: Draft = { ...before };
      const effects: AsynchronousRunEffect[] = [];
      Object.assign(state, advanceClock(state, event.time, event.kind !== 'restored' && !state.paused));

      const drop = (client: ClientId): void => {
        state.working = deleteClient(state.working, client);
        state.buffered = { ...state.buffered, dropped: state.buffered.dropped + 1 };
        effects.push({ kind: 'drop', client });
      };
      const record = (outcome: RoundRecord['outcome'], round: number): void => {
        const { contributors, count: survivors, staleness, oldest, invited, dropped } = state.buffered;
        const { up, down, ...counts } = state.counters;
        const published = outcome === 'published';
        effects.push({
          kind: published ? 'publish' : 'abandon',
          record: {
            round,
            outcome,
            scheme: { kind: 'none' },
            population: state.working.size + survivors,
            invited,
            contributors: published ? contributors : [],
            survivors,
            dropouts: dropped > 0 ? { reporting: dropped } : {},
            ...counts,
            bytes: { up, down },
            ...(published && { staleness: { mean: staleness / survivors, max: oldest } }),
            milliseconds: state.now - state.since,
            facts: {},
          },
        });
        state.counters = NO_COUNTS;
        state.buffered = NOTHING;
        state.since = state.now;
      };
      const stepped = (): void => {
        state.version++;
        record('published', state.version);
        if (state.version >= rounds) {
          end('finished');
          state.filled = true;
        }
      };
      const end = (phase: 'finished' | 'cancelled'): void => {
        state.phase = phase;
        state.working = emptyMap();
        effects.push({ kind: 'checkpoint' });
      };
      const count = (what: 'late' | 'duplicates'): void => {
        state.counters = countReport(state.counters, what);
      };

      switch (event.kind) {
        case 'tick':
          if (state.phase !== 'running' || state.paused) break;
          for (const [client, { since }] of clientEntries(state.working)) {
            if (state.now - since >= reporting) drop(client);
          }
          if (state.buffered.count > 0 && state.now - (state.buffered.since ?? state.since) >= reporting) {
            effects.push({ kind: 'flush' });
          }
          break;
        case 'checkedOut': {
          const { client, ticket, parameters } = event;
          if (state.phase !== 'running') refuse('PROTOCOL_STATE', 'asynchronousMachine.step', 'a run', state.phase);
          const worker = { ticket, version: state.version, since: state.now, parameters };
          state.working = setClient(state.working, client, worker);
          state.buffered = { ...state.buffered, invited: state.buffered.invited + 1 };
          break;
        }
        case 'left':
          if (getClient(state.working, event.client)?.ticket !== event.ticket) break;
          if (event.reason) state.counters = countDecline(state.counters, event.reason);
          drop(event.client);
          break;
        case 'reported': {
          const { kind } = place(state, event.client, event.ticket);
          if (kind === 'accepted') count('duplicates');
          else if (kind === 'late') count('late');
          break;
        }
        case 'submitted': {
          const { client, ticket, outcome, staleness = 0 } = event;
          if (getClient(state.working, client)?.ticket !== ticket) {
            refuse('PROTOCOL_STATE', 'asynchronousMachine.step: submitted', 'the ticket of a client at work', ticket);
          }
          state.working = deleteClient(state.working, client);
          if (outcome === 'stale' || outcome === 'spent') {
            count('late');
            break;
          }
          const { contributors, count: before, staleness: sum, oldest } = state.buffered;
          state.counted = setClient(state.counted, client, ticket);
          state.buffered = {
            ...state.buffered,
            contributors: contributors.includes(client) ? contributors : [...contributors, client],
            count: before + 1,
            ...(before === 0 && { since: state.now }),
            staleness: sum + staleness,
            oldest: Math.max(oldest, staleness),
          };
          if (outcome === 'stepped') stepped();
          break;
        }
        case 'flushed':
          stepped();
          break;
        case 'refused':
          state.counters = countRefusal(state.counters, event.code);
          break;
        case 'traffic':
          state.counters = countTraffic(state.counters, event);
          break;
        case 'pause':
        case 'resume':
          state.paused = event.kind === 'pause';
          break;
        case 'finish':
          if (state.phase === 'running') end('finished');
          break;
        case 'cancel':
          if (state.phase !== 'running') break;
          if (state.buffered.count > 0) record('cancelled', state.version + 1);
          end('cancelled');
          break;
        case 'restored':
          break;
        case 'resized':
          if (state.phase === 'running') {
            end('finished');
            state.filled = true;
          } else {
            state.phase = 'running';
            delete state.filled;
            state.since = state.now;
          }
          break;
        default:
          refuse(
            'INVALID_ARGUMENT',
            'asynchronousMachine.step: event',
            'a known kind',
            (event as { kind: unknown }).kind,
          );
      }
      return { state, effects };
    },
  };
}
