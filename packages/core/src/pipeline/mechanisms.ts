/**
 * The mechanisms of `@fedkit/privacy` and the rotation of `@fedkit/compression`, as the pipelines use them.
 *
 * @module
 */
import type { SecureRng } from '../random.ts';
import type { PrivacyEvent } from './privacy.ts';

/** Noise that clients add in shares; `skellamMechanism` and `distributedGaussianMechanism` make it. */
export interface DistributedNoise {
  readonly bits: number;
  /** Grid steps to a unit of the values. */
  readonly scale: number;
  /** How many standard deviations of the sum half the ring covers. */
  readonly deviations?: number;
  /** What the sum of `survivors` clients' integers costs. @throws FedkitError `THRESHOLD_NOT_MET` for too few. */
  event(survivors?: number): PrivacyEvent;
  /** One client's integers with its share of the noise, in [−2^(bits−1), 2^(bits−1)). */
  encodeIntegers(values: Float32Array, rng: SecureRng): Int32Array;
  /** The noised sum. */
  decodeSum(sum: Int32Array | Float64Array, options: { survivors: number }): Float32Array;
}

/** Makes noise from what the pipeline's options come to. Client and server make it each for itself. */
export type DistributedNoiseMaker = (options: {
  readonly size: number;
  readonly clip: number;
  readonly noiseStd: number;
  readonly bits: number;
  readonly maximumContributors: number;
  readonly minimumSurvivors: number;
  readonly colluders: number;
  /** Of one coordinate. */
  readonly wrapProbability: number;
}) => DistributedNoise;

/** A sum of clients' integers before noise. */
export interface NoiselessSum {
  readonly values: Float64Array;
  contributions: number;
  clipped: number;
  quarantined: number;
  released: boolean;
}

/** Noise that the server adds; `gaussianMechanism` makes it. */
export interface CentralNoise {
  /** What a release costs. */
  readonly event: PrivacyEvent;
  createSum(): NoiselessSum;
  /** Clips and adds one update. */
  accumulate(sum: NoiselessSum, values: Float32Array): NoiselessSum;
  /** Adds the noise, once. */
  release(sum: NoiselessSum, rng: SecureRng): { readonly values: Float32Array };
}

/** `centralGaussianMechanism` of `@fedkit/privacy`. */
export type CentralNoiseMaker = (options: {
  readonly size: number;
  readonly clip: number;
  readonly noiseStd: number;
  readonly maximumContributions: number;
}) => CentralNoise;

/** A rotation that both sides draw from a seed and that makes any vector look Gaussian; `rotation` of `@fedkit/compression`. */
export interface SeededRotation {
  /** Values of a rotated vector. */
  paddedSize(size: number): number;
  /** R·x. Keeps the L2 norm, up to float32 rounding. */
  rotate(values: Float32Array, seed: Uint8Array): Float32Array;
  /** The first `size` values of R⁻¹·y. */
  rotateBack(values: Float32Array, seed: Uint8Array, size: number): Float32Array;
}
