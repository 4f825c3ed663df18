/**
 * The rules that are compared, each told how many clients to withstand.
 *
 * @module
 */
import {
  type Aggregator,
  bucketing,
  bulyan,
  centeredClipping,
  coordinateMedian,
  flTrust,
  geometricMedian,
  krum,
  meanAroundMedian,
  multiKrum,
  nearestNeighborMixing,
  normBounded,
  trimmedMean,
  weightedMean,
} from '@fedkit/core';
import type { RuleUnderTest } from './federation.ts';

export interface Candidate extends Omit<RuleUnderTest, 'aggregator'> {
  readonly name: string;
  /** Updates it needs to withstand f; fewer and it refuses. */
  readonly needs: (byzantine: number) => number;
  readonly rule: (size: number, clients: number, byzantine: number) => Aggregator<unknown, Float32Array>;
}

/** About the median norm of an honest update here: what a server can observe. */
const NORM = 1;

const always = () => 1;

export const candidates: readonly Candidate[] = [
  { name: 'mean', needs: always, rule: (size) => weightedMean(size) },
  { name: 'norm bounding', needs: always, rule: (size) => normBounded(size, { maxNorm: NORM }) },
  { name: 'coordinate median', needs: always, rule: (size) => coordinateMedian(size) },
  { name: 'trimmed mean', needs: (f) => 2 * f + 1, rule: (size, n, f) => trimmedMean(size, { trim: f / n }) },
  {
    name: 'mean around median',
    needs: (f) => 2 * f + 1,
    rule: (size, _n, f) => meanAroundMedian(size, { byzantine: f }),
  },
  { name: 'geometric median', needs: always, rule: (size) => geometricMedian(size) },
  {
    name: 'centered clipping',
    needs: always,
    reference: 'previous',
    rule: (size) => centeredClipping(size, { radius: NORM / 2, iterations: 3 }),
  },
  { name: 'Krum', needs: (f) => 2 * f + 3, rule: (size, _n, f) => krum(size, { byzantine: f }) },
  { name: 'Multi-Krum', needs: (f) => 2 * f + 3, rule: (size, _n, f) => multiKrum(size, { byzantine: f }) },
  { name: 'Bulyan', needs: (f) => 4 * f + 3, rule: (size, _n, f) => bulyan(size, { byzantine: f }) },
  { name: 'FLTrust', needs: always, reference: 'root', rule: (size) => flTrust(size) },
  {
    name: 'mixing, coordinate median',
    needs: (f) => 2 * f + 1,
    rule: (size, _n, f) => nearestNeighborMixing({ byzantine: f })(coordinateMedian(size)),
  },
  {
    name: 'mixing, trimmed mean',
    needs: (f) => 2 * f + 1,
    rule: (size, n, f) => nearestNeighborMixing({ byzantine: f })(trimmedMean(size, { trim: f / n })),
  },
  {
    name: 'mixing, Krum',
    needs: (f) => 2 * f + 3,
    rule: (size, _n, f) => nearestNeighborMixing({ byzantine: f })(krum(size, { byzantine: f })),
  },
  {
    name: 'buckets of 2, coordinate median',
    needs: (f) => 4 * f + 1,
    rule: (size) => bucketing({ size: 2, seed: 'evidence' })(coordinateMedian(size)),
  },
];
