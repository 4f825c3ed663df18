/**
 * Centered clipping.
 *
 * S. P. Karimireddy, L. He, M. Jaggi, "Learning from History for Byzantine Robust Optimization", ICML 2021, algorithm 2.
 *
 * @module
 */
import { checkInteger, checkOptions, checkPositive, type OptionNames } from '../../check.ts';
import { medianOf } from './coordinate-median.ts';
import { distanceTo } from './distance-to.ts';
import { type RobustAggregator, robustAggregator } from './rule.ts';

/** Options of {@link centeredClipping}. */
export interface CenteredClippingOptions {
  /** τ > 0, in the units of the updates' norm: further than this from the centre nobody pulls. */
  readonly radius: number;
  /** Clipping iterations, ≥ 1; default 1, as in the paper's experiments. */
  readonly iterations?: number;
}

/**
 * Starting at v, the previous aggregate, `iterations` times:
 *
 *     v ← v + (1/n) Σ (x_i − v) · min(1, τ / ‖x_i − v‖)
 *
 * `context.reference` is v. Without one, as in a first round, v is the coordinate-wise median. The paper's theory wants
 * clients that send momentum, and τ = 10 / (1 − β) for a momentum of β. Weights are not used.
 *
 * Guarantee: the result lies within iterations · τ of v, and changing f of n updates at will moves it by at most
 * 2 · iterations · τ · f / n: one iteration is a step on an average of Huber losses, which brings no two points further apart.
 * Without a reference, v itself is bounded as {@link coordinateMedian} is.
 *
 * Needs 1 update. Memory 4·n·d + 20·d bytes; time O(iterations · n·d).
 *
 * @param size - Length d of the updates.
 */
export function centeredClipping(size: number, options: CenteredClippingOptions): RobustAggregator {
  checkOptions('centeredClipping', options, {
    radius: true,
    iterations: true,
  } satisfies OptionNames<CenteredClippingOptions>);
  const { radius, iterations = 1 } = options;
  checkPositive('centeredClipping: radius', radius);
  checkInteger('centeredClipping: iterations', iterations, 1);
  return robustAggregator({
    name: 'centeredClipping',
    size,
    options: { radius, iterations },
    reference: 'optional',
    combine: ({ values, reference }) => {
      const n = values.length;
      const centre = new Float64Array(reference ?? medianOf(values));
      const step = new Float64Array(size);
      for (let iteration = 0; iteration < iterations; iteration++) {
        step.fill(0);
        for (const x of values) {
          const scale = Math.min(1, radius / distanceTo(x, centre));
          for (let c = 0; c < size; c++) step[c] += (x[c] - centre[c]) * scale;
        }
        for (let c = 0; c < size; c++) centre[c] += step[c] / n;
      }
      return new Float32Array(centre);
    },
  });
}
