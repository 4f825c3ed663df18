/**
 * How contributions become one: the contract, the means, robust rules, pre-aggregation.
 *
 * @module
 */
export type {
  AccumulatorOf,
  AggregationContext,
  Aggregator,
  ClientId,
  Contribution,
  LinearAggregator,
  ResultOf,
  Slot,
  Update,
  ValuesOf,
} from './contract.ts';
export type { SumForm, Summand, SumTotals } from './sum-form.ts';
export {
  type LinearRuleAggregator,
  mean,
  sum,
  type SumOptions,
  weightedMean,
  type WeightedMeanOptions,
} from './mean.ts';
export type { LinearAccumulator } from './linear-fold.ts';
export {
  type OpenRecord,
  record,
  type RecordAccumulator,
  type RecordAggregator,
  type RecordResult,
  type RecordValues,
} from './record.ts';
export type { RobustAggregator } from './robust/rule.ts';
export type { UpdateList } from './robust/update-list.ts';
export type { ClientMean } from './robust/client-mean.ts';
export { coordinateMedian } from './robust/coordinate-median.ts';
export { trimmedMean, type TrimmedMeanOptions } from './robust/trimmed-mean.ts';
export { meanAroundMedian, type MeanAroundMedianOptions } from './robust/mean-around-median.ts';
export { krum } from './robust/krum.ts';
export type { KrumNeighbours, KrumOptions } from './robust/krum-scores.ts';
export { multiKrum, type MultiKrumOptions } from './robust/multi-krum.ts';
export { bulyan, type BulyanOptions } from './robust/bulyan.ts';
export { geometricMedian, type GeometricMedianOptions } from './robust/geometric-median.ts';
export { centeredClipping, type CenteredClippingOptions } from './robust/centered-clipping.ts';
export { normBounded, type NormBoundedOptions } from './robust/norm-bounded.ts';
export { hPlus, type HPlusOptions } from './robust/h-plus.ts';
export { flTrust } from './robust/fl-trust.ts';
export type { PreAggregation, SizedAggregator } from './pre-aggregate/pre-aggregation.ts';
export {
  adaptiveRobustClipping,
  type AdaptiveRobustClippingOptions,
} from './pre-aggregate/adaptive-robust-clipping.ts';
export { nearestNeighborMixing, type NearestNeighborMixingOptions } from './pre-aggregate/nearest-neighbor-mixing.ts';
export { bucketing, type BucketingOptions } from './pre-aggregate/bucketing.ts';
export type { OpenContribution, SlotOf, StreamingAggregator } from './streaming.ts';
