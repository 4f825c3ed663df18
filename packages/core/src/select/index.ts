/**
 * Who takes part in a round.
 *
 * @module
 */
export type { Cohort, Selector } from './contract.ts';
export { poissonSelection } from './poisson.ts';
export type { FixedSampling, NoSampling, PoissonSampling, SamplingScheme } from './sampling-scheme.ts';
export { uniformSelection } from './uniform.ts';
export { weightedSelection, type WeightedSelectionOptions } from './weighted.ts';
export { powerOfChoiceSelection, type PowerOfChoiceOptions, type PowerOfChoiceSelector } from './power-of-choice.ts';
export { stratifiedSelection, type StratifiedSelectionOptions } from './stratified.ts';
export {
  type OortFeedback,
  type OortOptions,
  oortSelection,
  type OortSelector,
  type OortState,
  statisticalUtility,
} from './oort.ts';
