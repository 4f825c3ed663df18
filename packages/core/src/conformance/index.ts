export { brokenLaws, checkLaws, type Law } from './law.ts';
export { aggregatorLaws, type AggregatorSetup } from './aggregator.ts';
