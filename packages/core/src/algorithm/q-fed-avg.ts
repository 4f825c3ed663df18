/**
 * q-FedAvg: fair resource allocation, more weight to clients whose loss is high.
 *
 * Tian Li, Maziar Sanjabi, Ahmad Beirami, Virginia Smith, "Fair Resource Allocation in Federated Learning", ICLR 2020,
 * algorithm 2, https://arxiv.org/abs/1905.10497.
 *
 *     client i   F = F_i(x), trains from x to y;  Δw = L·(x − y) with L = 1/η
 *                Δ_i = F^q·Δw;   h_i = q·F^(q−1)·‖Δw‖² + L·F^q
 *     server     x ← x − Σ Δ_i / Σ h_i
 *
 * Both sums travel divided by L, which cancels and keeps them in the range of updates; the local learning rate must be
 * the same on all clients. As in the authors' code F is taken 10⁻¹⁰ above the measured loss, so that a loss of 0 has
 * powers. At q = 0 this is the unweighted mean.
 *
 * @module
 */
import { sum } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkNumber, checkOptions, checkPositive, checkVector, type OptionNames, refuse } from '../check.ts';
import { pow } from '../math/pow.ts';
import type { NoState } from '../plain-data.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgBroadcast } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { checkRoundInfo } from './round-info.ts';

/** Options of {@link qFedAvg}. */
export interface QFedAvgOptions {
  /** Finite and ≥ 0, the larger the fairer; the paper tunes from 0.001 to 15. */
  readonly q: number;
  /**
   * The unit that losses are measured in, > 0; default 1. It cancels, and keeps F^q within the aggregator's range of
   * 2^16 where q or losses are large.
   */
  readonly lossScale?: number;
}

/** −Δ_i/L, shape [d], and h_i/L. */
export type QFedAvgUpdate = { readonly update: Float32Array; readonly h: number };

/** Their sums, shape [d] and [1]. */
export type QFedAvgAggregate = { readonly update: Float32Array; readonly h: Float32Array };

/** The model. */
export type QFedAvgState = { readonly params: Float32Array };

/**
 * q-FedAvg. Clients measure their loss at the start. Any client can be asked in any round: none keeps a state.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function qFedAvg(
  options: QFedAvgOptions,
): LinearAlgorithm<QFedAvgState, FedAvgBroadcast, NoState, QFedAvgUpdate, QFedAvgAggregate> {
  checkOptions('qFedAvg', options, { q: true, lossScale: true } satisfies OptionNames<QFedAvgOptions>);
  const q = checkNumber('qFedAvg: q', options.q, 0);
  const scale = checkPositive('qFedAvg: lossScale', options.lossScale ?? 1);
  return {
    kind: 'qFedAvg',
    coordinateWise: true,
    options: { q, lossScale: scale },
    init(params) {
      checkState('qFedAvg.init: params', params, params.length);
      return { params: params.slice() };
    },
    params: (state) => state.params,
    broadcast: ({ params }) => ({ params }),
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const where = 'qFedAvg.clientRound';
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { ...local, lossAtStart: true });
      if (rest.lossAtStart === undefined) {
        refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer that measures the loss at the start', 'none');
      }
      const loss = checkNumber(`${where}: loss at start`, rest.lossAtStart, 0) + 1e-10;
      let norm = 0;
      for (const value of values) norm += value * value;
      const power = pow(loss / scale, q);
      const update = build(values.length, (i) => power * values[i]);
      checkState(`${where}: update`, update, values.length);
      const h = checkPositive(`${where}: h`, (q * (power / loss) * norm) / local.learningRate + power);
      return { contribution: { values: { update, h } }, state: {}, local: rest };
    },
    aggregator: (size) => record({ update: sum(size), h: sum(1) }),
    serverStep(state, aggregate, info) {
      checkRoundInfo('qFedAvg.serverStep', info);
      const size = state.params.length;
      const h = checkPositive('qFedAvg.serverStep: h', checkVector('qFedAvg.serverStep: h', aggregate.h, 1)[0]);
      const update = checkState('qFedAvg.serverStep: update', aggregate.update, size);
      const params = build(size, (i) => state.params[i] + update[i] / h);
      checkState('qFedAvg.serverStep', params, size);
      return { params };
    },
  };
}
