export { brokenLaws, checkLaws, type Law } from './law.ts';
export { aggregatorLaws, type AggregatorSetup } from './aggregator.ts';
export { robustAggregatorLaws, type RobustSetup } from './robust-aggregator.ts';
export { type RobustVector, robustVectors } from './vectors/robust.ts';
