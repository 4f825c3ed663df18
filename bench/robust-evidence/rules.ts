/**
 * The rules that are compared, each told how many clients to withstand.
 *
 * @module
 */
import {
  adaptiveRobustClipping,
  type Aggregator,
  type AnyAlgorithm,
  bucketing,
  bulyan,
  centeredClipping,
  coordinateMedian,
  fedAvg,
  flTrust,
  geometricMedian,
  krum,
  meanAroundMedian,
  multiKrum,
  nearestNeighborMixing,
  normBounded,
  type Trainer,
  trimmedMean,
  weightedMean,
} from '@fedkit/core';
import { hPlus } from '@fedkit/core/aggregate';
import { afterItself, besideOwn } from './references.ts';

export interface Candidate {
  readonly name: string;
  /** The reference it wants, if any: the aggregate before, or the server's own update. */
  readonly reference?: 'previous' | 'own';
  /** Updates it needs to withstand f; fewer and it refuses. */
  readonly needs: (byzantine: number) => number;
  readonly rule: (size: number, clients: number, byzantine: number) => Aggregator<unknown, Float32Array>;
}

/** About the median norm of an honest update here: what a server can observe. */
const NORM = 2;

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
  { name: 'FLTrust', needs: always, reference: 'own', rule: (size) => flTrust(size) },
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
  {
    name: 'ARC, trimmed mean',
    needs: (f) => 2 * f + 1,
    rule: (size, n, f) => adaptiveRobustClipping({ byzantine: f })(trimmedMean(size, { trim: f / n })),
  },
  {
    // Segments of a sixteenth, eight of them: half of the vector is looked at.
    name: 'H+',
    needs: (f) => 2 * f + 1,
    rule: (size, _n, f) => hPlus(size, { byzantine: f, segment: size >> 4, checks: 8, seed: 'evidence' }),
  },
];

/** Federated averaging by a rule, for a single run. `own` opens the digits that FLTrust's server holds. */
export function algorithmOf(
  { rule, reference }: Candidate,
  clients: number,
  byzantine: number,
  own: () => Trainer,
): AnyAlgorithm {
  const aggregate = (size: number) => rule(size, clients, byzantine);
  if (reference === 'previous') return afterItself(aggregate);
  return reference === 'own' ? besideOwn(aggregate, own()) : fedAvg({ aggregate });
}
