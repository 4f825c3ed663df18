/**
 * The geometric median by smoothed Weiszfeld iterations (RFA).
 *
 * K. Pillutla, S. M. Kakade, Z. Harchaoui, "Robust Aggregation for Federated Learning", IEEE Transactions on Signal
 * Processing 70, 2022, algorithm 2.
 *
 * @module
 */
import { checkInteger, checkNumber, checkOptions, type OptionNames } from '../../check.ts';
import { medianOf } from './coordinate-median.ts';
import { distanceTo } from './distance-to.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/** Options of {@link geometricMedian}. */
export interface GeometricMedianOptions {
  /** ν ≥ 1e-30, in the units of the updates' norm: distances below it count as ν; default 1e-6. */
  readonly smoothing?: number;
  /** Weiszfeld iterations, ≥ 1; default 8. */
  readonly iterations?: number;
}

/**
 * Approximates argmin over z of Σ α_i ‖z − x_i‖, α_i the weights divided by their sum:
 *
 *     z ← Σ β_i x_i / Σ β_i,   β_i = α_i / max(ν, ‖z − x_i‖)
 *
 * `context.reference`, where given, is the start: the previous aggregate, as in the paper, or zeros. Without one the start
 * is the coordinate-wise median; the mean, the usual choice, can be so far off that few iterations do not come back.
 *
 * Weights are used, as in the paper. They are what clients claim: whoever may lie about an update may lie about its weight,
 * so where clients are not trusted leave weights out, or set them yourself.
 *
 * Guarantee: no iteration increases the smoothed objective, so with Byzantine weight α < 1/2 and start z₀ the result z has
 * ‖z − z₀‖ ≤ (2 Σ α_i ‖x_i − z₀‖ over honest i + ν) / (1 − 2α). The default start is bounded as {@link coordinateMedian} is.
 *
 * Needs 1 update. Memory 4·n·d + 20·d bytes; time O(iterations · n·d), plus the start's.
 *
 * @param size - Length d of the updates.
 */
export function geometricMedian(size: number, options: GeometricMedianOptions = {}): RobustAggregator {
  checkOptions('geometricMedian', options, {
    smoothing: true,
    iterations: true,
  } satisfies OptionNames<GeometricMedianOptions>);
  const { smoothing = 1e-6, iterations = 8 } = options;
  checkNumber('geometricMedian: smoothing', smoothing, 1e-30);
  checkInteger('geometricMedian: iterations', iterations, 1);
  return robustAggregator({
    name: 'geometricMedian',
    size,
    options: { smoothing, iterations },
    reference: 'optional',
    combine: ({ values, weights, reference }) => {
      let point = new Float64Array(reference ?? medianOf(values));
      let next = new Float64Array(size);
      const largest = weights.reduce((a, b) => Math.max(a, b));
      for (let iteration = 0; iteration < iterations; iteration++) {
        next.fill(0);
        let total = 0;
        for (let i = 0; i < values.length; i++) {
          const x = values[i];
          const beta = weights[i] / largest / Math.max(smoothing, distanceTo(x, point));
          total += beta;
          for (let c = 0; c < size; c++) next[c] += beta * x[c];
        }
        for (let c = 0; c < size; c++) next[c] /= total;
        [point, next] = [next, point];
      }
      return new Float32Array(point);
    },
  });
}
