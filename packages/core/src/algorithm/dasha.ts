/**
 * DASHA: unbiased codecs on changes of the gradient, with momentum that forgets what the codec added.
 *
 * Alexander Tyurin, Peter Richtárik, "DASHA: Distributed Nonconvex Optimization with Communication Compression and Optimal Oracle
 * Complexity", ICLR 2023, algorithm 1 (gradient setting), https://arxiv.org/abs/2202.01268.
 *
 *     client i   h⁺ = ∇f_i(x);   sends m_i = Q(h⁺ − h_i − a·(g_i − h_i));   g_i ← g_i + m_i;   h_i ← h⁺        a = 1/(2ω + 1)
 *     server     g ← g + 1/N·Σ m_i;   x ← x − γ·g
 *
 * For functions that need not be convex, with fewer bytes than DIANA and without MARINA's rounds of whole gradients. The paper's
 * first message is the whole gradient; here it is the first message like any other, from g_i = h_i = 0, and what the codec
 * added to it is forgotten by a a round.
 *
 * @module
 */
import { checkNumber, checkOptions, type OptionNames } from '../check.ts';
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

/** Options of {@link dasha}. */
export interface DashaOptions extends TrackedGradientOptions {
  /** ω ≥ 0 of the codec, or more: a = 1/(2ω + 1). Pipelines refuse unbiased codecs of more than that. */
  readonly variance: number;
}

/**
 * DASHA, through unbiased codecs as they are. A client's gradient is that of its local training, `{ steps: 1, batchSize: 'all' }`
 * for the paper's. Clients left out of a round keep g_i and h_i, as in EF21-PP; DASHA-PP of the same authors is another algorithm.
 * N must be stated.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function dasha(
  options: DashaOptions,
): LinearAlgorithm<TrackedGradientState, TrackedGradientBroadcast, RememberingClientState, FedAvgUpdate, FedAvgUpdate> {
  checkOptions('dasha', options, {
    learningRate: true,
    lost: true,
    variance: true,
  } satisfies OptionNames<DashaOptions>);
  const { variance, ...rest } = options;
  const a = 1 / (2 * checkNumber('dasha: variance', variance, 0) + 1);
  return trackedGradients<RememberingClientState>({
    ...rest,
    kind: 'dasha',
    terms: { variance },
    absorbs: { variance },
    share: 1,
    fresh: false,
    message(gradient, own, state) {
      const before = memoryOf('dasha', state);
      const h = (i: number) => (before ? before[i] : 0);
      const update = build(own.length, (i) => gradient[i] - h(i) - a * (own[i] - h(i)));
      return { update, memory: gradient };
    },
  });
}
