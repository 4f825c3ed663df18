/**
 * Local training, whatever trains: plain arrays, TensorFlow.js, a native module behind a bridge.
 *
 * @module
 */
import type { Layout } from '../model/layout.ts';
import type { Rng } from '../random.ts';
import type { LocalObjective } from './objective.ts';

/** How long a client trains: by one of the two. */
export type TrainingLength =
  /** Passes over the local data, > 0; a fraction stops within a pass. */
  | { readonly epochs: number; readonly steps?: undefined }
  /** Local steps K, an integer ≥ 1. */
  | { readonly steps: number; readonly epochs?: undefined };

/** How fast a client trains, and on what batches. */
export interface TrainSettings {
  /** Examples in a step, an integer ≥ 1, or all of them (the paper's B = ∞). The last batch of a pass may be smaller. */
  readonly batchSize: number | 'all';
  /** η, finite and > 0. */
  readonly learningRate: number;
  /** Heavy-ball momentum ρ in [0, 1) of the local optimizer; default 0. */
  readonly momentum?: number;
  /** Shuffles the local data, anew for every pass. */
  readonly rng: Rng;
  /**
   * Whether to measure the loss at the start, one forward pass over all local examples; default true. Algorithms that do
   * not need it turn it off.
   */
  readonly lossAtStart?: boolean;
  /** Checked between steps; once aborted, `train` rejects with `ABORTED` and the trainer is as before. */
  readonly signal?: AbortSignal;
}

/** How long and how fast a client trains. */
export type TrainOptions = TrainSettings & TrainingLength;

/** {@link TrainOptions} as they are written down, without what the caller adds to every training. */
export type LocalTraining = Omit<TrainSettings, 'rng' | 'signal'> & TrainingLength;

/** What local training gives back. */
export interface LocalResult {
  /** Trained minus start, shape [d]. */
  readonly values: Float32Array;
  /** Local steps taken. */
  readonly steps: number;
  /** Number of local examples: the weight n_i of federated averaging. */
  readonly examples: number;
  /** Mean loss of the uncorrected objective over all local examples at the start; absent if turned off. */
  readonly lossAtStart?: number;
  /** ‖a_i‖₁ of FedNova: how much gradient the local steps accumulated; default `steps`. */
  readonly normalizer?: number;
}

/** One local batch. */
export interface LocalBatch {
  /** Mean gradient of the uncorrected loss over this batch at `at`, shape [d] → [d]: asked at as many points as one likes. */
  gradient(at: Float32Array): Promise<Float32Array>;
  /** What a model makes of the batch before its last layer. Absent of models that have no such layer, and trainers that cannot say. */
  represent?(at: Float32Array): Promise<Representation>;
}

/** A batch as a model sees it. */
export interface Representation {
  /** One row an example, shape [examples, width]. */
  readonly values: Float32Array;
  readonly width: number;
  /**
   * The gradient of any function of these values, by the chain rule.
   *
   * @param along - Its gradient with respect to them, of their shape.
   * @returns With respect to the parameters, shape [d].
   */
  gradient(along: Float32Array): Promise<Float32Array>;
}

/** The batches of one training. */
interface LocalBatches {
  /** Number of local examples, of which batches are drawn. */
  readonly examples: number;
  /** One for each local step, good until the next is asked for. */
  readonly each: Iterable<LocalBatch>;
}

/** One client's data and model, behind two calls. */
export interface Trainer {
  /** Which parameter is which, if the trainer knows; whoever coordinates compares it with the server's. */
  readonly layout?: Layout;
  /**
   * Trains from `start`, shape [d], not changed.
   *
   * @throws FedkitError `SHAPE_MISMATCH` for vectors of another length, `OUT_OF_RANGE` for options out of range or a loss
   * or parameter that became non-finite, `ABORTED`.
   */
  train(start: Float32Array, objective: LocalObjective, options: TrainOptions): Promise<LocalResult>;
  /** Mean gradient of the uncorrected loss over all local examples at `at`, shape [d] → [d]. */
  gradient(at: Float32Array): Promise<Float32Array>;
  /**
   * The batches that `train` would step on with these options, for algorithms that want a batch's gradient elsewhere than where local
   * training stands: `fedSam`, `apfl`, `moon`, `withLocalOptimizer`. Absent of trainers that cannot say.
   *
   * @throws FedkitError as `train`.
   */
  batches?(options: TrainOptions): LocalBatches;
}
