/**
 * Pruning little by little.
 *
 * @module
 */
import { checkInteger, checkNumber, refuse, checkOptions, type OptionNames } from '@fedkit/core/internal';

/** Where pruning ends, and when. */
export interface GradualOptions {
  /** The density at the end, in (0, 1). */
  readonly density: number;
  /** Rounds until then, an integer ≥ 1. */
  readonly rounds: number;
}

/**
 * Densities that fall fast while much is superfluous, and slowly at the end (Zhu and Gupta, "To Prune, or Not to Prune: Exploring the
 * Efficacy of Pruning for Model Compression", 2017, equation 1, https://arxiv.org/abs/1710.01878): with sparsity s = 1 − density,
 * s_t = s·(1 − (1 − t/T)³). A round's mask is that of the model released last, at this density: what was pruned is zero there and
 * stays pruned, so masks only shrink.
 *
 * @returns The density of a round, from 1; that of `rounds` in all later ones.
 * @throws FedkitError `OUT_OF_RANGE` for a density that is not between 0 and 1 or rounds that are no count.
 * @example
 * ```ts
 * import { gradualDensity } from '@fedkit/llm';
 *
 * const densityOf = gradualDensity({ density: 0.5, rounds: 4 });
 * console.log([1, 2, 3, 4, 9].map((round) => densityOf(round).toFixed(2)).join(' ')); // => 0.71 0.56 0.51 0.50 0.50
 * ```
 */
export function gradualDensity(options: GradualOptions): (round: number) => number {
  checkOptions('gradualDensity', options, { density: true, rounds: true } satisfies OptionNames<GradualOptions>);
  const density = checkNumber('gradualDensity: density', options.density, 0, 1);
  if (density === 0 || density === 1)
    refuse('OUT_OF_RANGE', 'gradualDensity: density', 'a number between 0 and 1', density);
  const rounds = checkInteger('gradualDensity: rounds', options.rounds, 1);
  return (round) => {
    const left = 1 - Math.min(checkInteger('gradualDensity: round', round, 1), rounds) / rounds;
    return 1 - (1 - density) * (1 - left * left * left);
  };
}
