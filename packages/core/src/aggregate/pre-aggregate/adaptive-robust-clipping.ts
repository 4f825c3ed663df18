/**
 * Adaptive robust clipping (ARC).
 *
 * Y. Allouah, R. Guerraoui, N. Gupta, A. Jellouli, G. Rizk, J. Stephan, "Adaptive Gradient Clipping for Robust Federated Learning",
 * ICLR 2025, algorithm 2, https://arxiv.org/abs/2405.14432.
 *
 * @module
 */
import { checkInteger, checkOptions, type OptionNames } from '../../check.ts';
import { type PreAggregation, preAggregation } from './pre-aggregation.ts';

/** Options of {@link adaptiveRobustClipping}. */
export interface AdaptiveRobustClippingOptions {
  /** f ≥ 0, the most Byzantine clients to withstand. */
  readonly byzantine: number;
}

/**
 * Clips the k = ⌊2·(f/n)·(n − f)⌋ longest updates to the length of the (k + 1)-th longest: the radius follows the round, nobody
 * tunes it. Every client keeps its id and weight.
 *
 * Guarantee (the paper's theorem 3.2): an (f, κ)-robust rule behind it is (f, κ + 2f/(n − 2f))-robust; unlike clipping at a fixed
 * radius, it keeps the robustness of that rule. At most f of the k are Byzantine, so some honest updates are shortened too.
 *
 * Needs 2f + 1 updates, and what the rule behind needs. Memory 4·d bytes while it works; time O(n·d).
 */
export function adaptiveRobustClipping(options: AdaptiveRobustClippingOptions): PreAggregation {
  checkOptions('adaptiveRobustClipping', options, {
    byzantine: true,
  } satisfies OptionNames<AdaptiveRobustClippingOptions>);
  const { byzantine } = options;
  const f = checkInteger('adaptiveRobustClipping: byzantine', byzantine);
  return preAggregation(
    'adaptiveRobustClipping',
    { byzantine },
    { count: 2 * f + 1, because: '2·byzantine + 1' },
    ({ clients, values, weights }, emit) => {
      const n = values.length;
      const norms = values.map((own) => {
        let sum = 0;
        for (const value of own) sum += value * value;
        return Math.sqrt(sum);
      });
      const clipped = Math.floor((2 * f * (n - f)) / n);
      const radius = [...norms].sort((a, b) => b - a)[clipped];
      const shortened = new Float32Array(values[0].length);
      for (let i = 0; i < n; i++) {
        const factor = norms[i] > radius ? radius / norms[i] : 1;
        if (factor < 1) for (let c = 0; c < shortened.length; c++) shortened[c] = factor * values[i][c];
        emit(clients[i], factor < 1 ? shortened : values[i], weights[i]);
      }
    },
  );
}
