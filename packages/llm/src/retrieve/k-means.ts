/**
 * Clusters of everybody's vectors, of which sums and counts alone are released.
 *
 * Lloyd's step (Lloyd 1982, https://doi.org/10.1109/TIT.1982.1056489), with clients that each count once. With c(v) the centroid
 * nearest to v and m_i the vectors of client i:
 *
 *     client i   u_ic = (1/m_i) Σ_{v: c(v) = c} (v − c)      n_ic = (1/m_i)·|{v: c(v) = c}|
 *     server     c ← c + Σ_i u_ic / Σ_i n_ic
 *
 * A client's counts have norm at most 1. Offsets are at most 2 where all vectors are of length 1 and no centroid is longer, so that the
 * clip of a private round is known before anything is seen.
 *
 * @module
 */
import { type LinearAlgorithm, type LocalResult, Layout, mean, type NoState, record, type Trainer } from '@fedkit/core';
import { build, checkRoundInfo, checkState, checkTrainOptions } from '@fedkit/core/extend';
import {
  checkOptions,
  type OptionNames,
  checkFinite,
  checkInteger,
  checkNumber,
  checkVector,
  refuse,
} from '@fedkit/core/internal';
import { nearest } from './hard-negatives.ts';

/** How many clusters, of what. */
export interface KMeansOptions {
  /** K ≥ 1. */
  readonly clusters: number;
  /** Values of a vector, ≥ 1. */
  readonly width: number;
  /**
   * A cluster whose mean count is at or below this stays where it is, in [0, 1); default 0. Under noise take some of its standard
   * deviations: a sum divided by a count that is nearly noise is anywhere.
   */
  readonly leastShare?: number;
}

/** Centroids, shape [K · width]. */
export type KMeansState = { readonly centroids: Float32Array };
/** Offsets, shape [K · width], and counts, shape [K]. */
export type KMeansUpdate = { readonly offsets: Float32Array; readonly counts: Float32Array };

const OPTIONS: OptionNames<KMeansOptions> = { clusters: true, width: true, leastShare: true };

/**
 * Federated k-means, an algorithm of sums: `secureSum` and noise on sums take it. Its clients' trainer is {@link vectorTrainer}, its model
 * the centroids.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range.
 */
export function federatedKMeans(
  options: KMeansOptions,
): LinearAlgorithm<KMeansState, KMeansState, NoState, KMeansUpdate, KMeansUpdate> {
  checkOptions('federatedKMeans', options, OPTIONS);
  const clusters = checkInteger('federatedKMeans: clusters', options.clusters, 1, 1 << 20);
  const width = checkInteger('federatedKMeans: width', options.width, 1, 1 << 20);
  const leastShare = checkNumber('federatedKMeans: leastShare', options.leastShare ?? 0, 0, 1);
  const size = clusters * width;
  return {
    kind: 'federatedKMeans',
    options: { clusters, width },
    init: (params) => ({ centroids: checkState('federatedKMeans.init: params', params, size).slice() }),
    params: ({ centroids }) => centroids,
    broadcast: (state) => state,
    async clientRound({ broadcast: { centroids }, trainer, options: how }) {
      const { values, ...local } = await trainer.train(centroids, {}, how);
      checkState('federatedKMeans.clientRound: statistics', values, size + clusters);
      return {
        contribution: {
          values: { offsets: values.slice(0, size), counts: values.slice(size) },
          weight: local.examples,
        },
        state: {},
        local,
      };
    },
    aggregator(dimension) {
      if (dimension !== size) refuse('SHAPE_MISMATCH', 'federatedKMeans.aggregator: size', `${size} values`, dimension);
      return record({ offsets: mean(size), counts: mean(clusters) });
    },
    serverStep({ centroids }, { offsets, counts }, info) {
      checkRoundInfo('federatedKMeans.serverStep', info);
      checkState('federatedKMeans.serverStep: offsets', offsets, size);
      checkState('federatedKMeans.serverStep: counts', counts, clusters);
      const step = (i: number) => {
        const share = counts[Math.floor(i / width)];
        return share > leastShare ? offsets[i] / share : 0;
      };
      const moved = build(size, (i) => centroids[i] + step(i));
      return { centroids: checkState('federatedKMeans.serverStep: result', withinBall(moved, width), size) };
    },
  };
}

/** Centroids of vectors of length 1 are no longer than 1; noise may say otherwise. */
function withinBall(centroids: Float32Array, width: number): Float32Array {
  for (let from = 0; from < centroids.length; from += width) {
    const own = centroids.subarray(from, from + width);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    if (length > 1) for (let d = 0; d < width; d++) own[d] /= length;
  }
  return centroids;
}

/**
 * A client's vectors, as the trainer of {@link federatedKMeans}: a training gives the statistics of one step of Lloyd's, whatever its
 * options.
 *
 * @param vectors - Of length at most 1.
 * @throws FedkitError `INVALID_ARGUMENT` for none, `SHAPE_MISMATCH` for vectors of another width, `OUT_OF_RANGE` for longer ones.
 */
export function vectorTrainer(
  vectors: readonly Float32Array[],
  options: Pick<KMeansOptions, 'clusters' | 'width'>,
): Trainer {
  checkOptions('vectorTrainer', options, OPTIONS);
  const { clusters, width } = options;
  if (!Array.isArray(vectors) || vectors.length === 0) {
    refuse('INVALID_ARGUMENT', 'vectorTrainer: vectors', 'at least one', vectors);
  }
  for (const vector of vectors) {
    checkFinite('vectorTrainer: vectors', checkVector('vectorTrainer: vectors', vector, width));
    const length = Math.sqrt(vector.reduce((sum: number, value: number) => sum + value * value, 0));
    if (length > 1 + 1e-5) refuse('OUT_OF_RANGE', 'vectorTrainer: vectors', 'a length of at most 1', length);
  }
  const size = clusters * width;
  const statistics = (centroids: Float32Array): Float32Array => {
    checkFinite('train: start', checkVector('train: start', centroids, size));
    const all = centroidsOf(centroids, width);
    const sums = new Float64Array(size + clusters);
    for (const vector of vectors) {
      const own = nearest(vector, all);
      for (let d = 0; d < width; d++) sums[own * width + d] += vector[d] - all[own][d];
      sums[size + own]++;
    }
    return Float32Array.from(sums, (value) => value / vectors.length);
  };
  return {
    layout: Layout.of([{ name: 'centroids', shape: [clusters, width] }]),
    async train(start, _, how): Promise<LocalResult> {
      checkTrainOptions('train', how);
      return { values: statistics(start), steps: 1, examples: vectors.length };
    },
    async gradient(at) {
      return statistics(at).map((value) => -value);
    },
  };
}

/** Centroids as vectors: views, shape [width] each. */
export function centroidsOf(centroids: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: centroids.length / width }, (_, c) => centroids.subarray(c * width, (c + 1) * width));
}
