/**
 * FedAsync: every contribution moves the model at once.
 *
 * Cong Xie, Sanmi Koyejo, Indranil Gupta, "Asynchronous Federated Optimization", 2019, algorithm 1,
 * https://arxiv.org/abs/1903.03934.
 *
 *     client i   trains from the x it fetched, with ρ/2·‖w − x‖² added to its loss, and reports its model y
 *     server     x ← (1 − α_t)·x + α_t·y       α_t = α·s(τ)
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import { decodeState, encodeState } from '../model/state-file.ts';
import type { AsynchronousAlgorithm, AsynchronousOptions, AsynchronousState } from './asynchronous.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { type Staleness, stalenessWeight } from './staleness.ts';
import { fields, Tickets, vector, whole } from './tickets.ts';

export interface FedAsyncOptions extends AsynchronousOptions {
  /** α in (0, 1]; default 0.6, as in the paper's experiments. */
  readonly mixing?: number;
  /** s; default polynomial with a = ½. */
  readonly staleness?: Staleness;
  /** ρ ≥ 0; default 0. */
  readonly rho?: number;
}

/** y, shape [d]. */
export type FedAsyncUpdate = { readonly model: Float32Array };

class State implements AsynchronousState {
  params: Float32Array;
  version: number;
  readonly tickets: Tickets;
  readonly buffered = 0;

  constructor(params: Float32Array, version: number, tickets: Tickets) {
    this.params = params;
    this.version = version;
    this.tickets = tickets;
  }

  get working(): string[] {
    return this.tickets.working();
  }
}

/** @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for an unknown staleness. */
export function fedAsync(options: FedAsyncOptions = {}): AsynchronousAlgorithm<FedAsyncUpdate> {
  checkOptions('fedAsync', options, {
    mixing: true,
    staleness: true,
    rho: true,
    maximumStaleness: true,
  } satisfies OptionNames<FedAsyncOptions>);
  const mixing = checkPositive('fedAsync: mixing', options.mixing ?? 0.6, 1);
  const proximal = checkNumber('fedAsync: rho', options.rho ?? 0, 0);
  const weight = stalenessWeight(options.staleness ?? { kind: 'polynomial', exponent: 0.5 });
  const { maximumStaleness = Infinity } = options;
  if (maximumStaleness !== Infinity) checkInteger('fedAsync: maximumStaleness', maximumStaleness);
  return {
    kind: 'fedAsync',
    slots: (size) => ({ model: size }),
    share: (staleness) => mixing * weight(staleness),
    init(params) {
      checkState('fedAsync.init: params', params, params.length);
      return new State(params.slice(), 0, new Tickets());
    },
    checkout(state, client) {
      const { params, version, tickets } = use('checkout', state);
      return { ticket: tickets.issue('fedAsync.checkout', client, version), broadcast: { params } };
    },
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const where = 'fedAsync.clientRound';
      const { values, ...rest } = await localUpdate(
        where,
        trainer,
        params,
        { proximal },
        { lossAtStart: false, ...local },
      );
      for (let i = 0; i < values.length; i++) values[i] += params[i];
      checkState(`${where}: model`, values, params.length);
      return { contribution: { values: { model: values }, weight: rest.examples }, state: {}, local: rest };
    },
    submit(state, ticket, { values, client }) {
      const where = 'fedAsync.submit';
      const own = use('submit', state);
      const open = own.tickets.find(where, ticket, client);
      if (!open) return { outcome: 'spent' };
      const staleness = own.version - open.version;
      if (staleness > maximumStaleness) {
        own.tickets.void(open.client);
        return { outcome: 'stale', staleness };
      }
      const { params } = own;
      const model = checkState(`${where}: model`, values?.model, params.length);
      const alpha = mixing * weight(staleness);
      own.params = build(params.length, (i) => params[i] + alpha * (model[i] - params[i]));
      own.version++;
      own.tickets.void(open.client);
      return { outcome: 'stepped', staleness };
    },
    leave: (state, client) => use('leave', state).tickets.void(client),
    flush: (state) => use('flush', state).buffered > 0,
    serialize(state, model) {
      const { params, version, tickets } = use('serialize', state);
      return encodeState({ params, version, tickets: tickets.toPlainData() }, { kind: 'fedAsync', model });
    },
    deserialize(bytes, model) {
      const where = 'fedAsync.deserialize';
      const state = fields(where, decodeState(bytes, { kind: 'fedAsync', model }));
      const version = whole(`${where}: version`, state.version, Number.MAX_SAFE_INTEGER);
      const params = vector(`${where}: params`, state.params);
      return new State(params, version, Tickets.fromPlainData(`${where}: tickets`, state.tickets, version));
    },
    dispose: () => {},
  };
}

function use(method: string, state: AsynchronousState): State {
  if (!(state instanceof State)) refuse('INVALID_ARGUMENT', `fedAsync.${method}: state`, 'a state of fedAsync', state);
  return state;
}
