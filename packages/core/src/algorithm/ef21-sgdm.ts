/**
 * EF21-SGDM: EF21 of the clients' momentum, so that it stands batches.
 *
 * Ilyas Fatkhullin, Alexander Tyurin, Peter Richtárik, "Momentum Provably Improves Error Feedback!", NeurIPS 2023, algorithm 1,
 * https://arxiv.org/abs/2305.15155.
 *
 *     client i   v_i ← (1 − η)·v_i + η·∇f_i(x; batch);   sends C(v_i − g_i);   g_i ← g_i + C(v_i − g_i)
 *     server     g ← g + 1/N·Σ C(v_i − g_i);   x ← x − γ·g
 *
 * At η = 1 it is EF21 on batches, which no γ brings to the optimum, however small: a biased C of a single batch's noise does not
 * average to 0 (the paper's §2 has a quadratic in the plane). Momentum averages before C does.
 *
 * @module
 */
import { checkOptions, checkPositive, type OptionNames } from '../check.ts';
import type { LinearAlgorithm } from './contract.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build } from './local-update.ts';
import {
  memoryOf,
  type RememberingClientState,
  type TrackedGradientBroadcast,
  type TrackedGradientOptions,
  type TrackedGradientState,
  trackedGradients,
} from './tracked-gradients.ts';

/** Options of {@link ef21Sgdm}. */
export interface Ef21SgdmOptions extends TrackedGradientOptions {
  /** η in (0, 1]: the share of the newest gradient in v_i; default 0.1, as the paper's experiments. */
  readonly momentum?: number;
}

/**
 * EF21-SGDM. A client's gradient is that of its local training, `{ steps: 1, batchSize }` for the paper's; v_i begins with the first
 * one. v_i stays on the client and is kept once the round is published, as g_i is. N must be stated.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function ef21Sgdm(
  options: Ef21SgdmOptions,
): LinearAlgorithm<TrackedGradientState, TrackedGradientBroadcast, RememberingClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('ef21Sgdm', options, {
    learningRate: true,
    lost: true,
    momentum: true,
  } satisfies OptionNames<Ef21SgdmOptions>);
  const { momentum = 0.1, ...rest } = options;
  const eta = checkPositive('ef21Sgdm: momentum', momentum, 1);
  return trackedGradients<RememberingClientState>({
    ...rest,
    kind: 'ef21Sgdm',
    terms: { momentum: eta },
    share: 1,
    fresh: false,
    message(gradient, own, state) {
      const before = memoryOf('ef21Sgdm', state);
      const memory = before ? build(own.length, (i) => (1 - eta) * before[i] + eta * gradient[i]) : gradient;
      return { update: build(own.length, (i) => memory[i] - own[i]), memory };
    },
  });
}
