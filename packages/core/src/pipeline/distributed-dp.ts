/**
 * Sums that nobody ever holds without noise: every client adds a share of it under secure aggregation.
 *
 *     client   x ─ clip ─ weight ─ rotate ─ round to the grid ─ + noise share ─ masks ─▶
 *     server   Σ ─ decode ─ rotate back ─▶ Σ x·w + noise ─ public totals ─▶ the rule's conclusion
 *
 * Peter Kairouz, Ziyu Liu, Thomas Steinke, "The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure
 * Aggregation", ICML 2021; Naman Agarwal, Peter Kairouz, Ziyu Liu, "The Skellam Mechanism for Differentially Private
 * Federated Learning", NeurIPS 2021.
 *
 * The claim rests on the noise of the honest clients that are proved to be in every sum any server can open: `minimumContributors`
 * less `colluders`, or fewer where the aggregation guarantees fewer. Every client insists on that
 * minimum. A sum that wraps around the modulus costs accuracy, never privacy; `facts.saturation` marks one that is wider than its
 * ring was made for. That is read off the noised sum, so that it costs nothing; no client is asked.
 *
 * @module
 */
import type { Contribution, Update } from '../aggregate/contract.ts';
import { checkInteger, checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import type { SecureAggregation, SecureInput, SecureSums } from '../secure/contract.ts';
import type { SamplingScheme } from '../select/sampling-scheme.ts';
import type { Collected, ExchangingPipeline, RoundFacts } from './contract.ts';
import { checkAggregation, type Draw, type ExchangeTerms, exchangingClient, exchangingServer } from './exchange.ts';
import type { DistributedNoiseMaker, SeededRotation } from './mechanisms.ts';
import type { Parameters } from './parameters.ts';
import { Accounting, type Filters, type SelectionOptions } from './privacy.ts';
import { PRIVATE_OPTIONS, type PrivateOptions, privateSums, privateTerms } from './private-options.ts';
import { rootMeanSquare } from './root-mean-square.ts';
import { rmsOverSpread, saturationOf } from './saturation.ts';
import { sharedSeedOf } from './seeds.ts';
import { driftOf } from './drift.ts';
import { vectorsOf } from './slots.ts';
import { type Halves, withTerms } from './terms.ts';

/** What `distributedDp` is made of. Client and server are given the same. Norms and noise are in the unit of the values. */
export interface DistributedDpOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  K extends SamplingScheme,
> extends PrivateOptions<S, B, C, U, R, K> {
  /** σ > 0: standard deviation, on each coordinate of the sum, of the honest noise when only the fewest survive. */
  readonly noiseStd: number;
  /** b, 2 to 30: sums are taken modulo 2^b. */
  readonly bits: number;
  /** `skellamMechanism` or `distributedGaussianMechanism`. */
  readonly mechanism: DistributedNoiseMaker;
  /** `rotation` of `@fedkit/compression`. */
  readonly rotation: SeededRotation;
  /** `secureAggregation()` of `@fedkit/secagg`. */
  readonly aggregation: SecureAggregation;
  /** The fewest survivors whose sum is opened; every client insists on it. */
  readonly minimumContributors: number;
  /** The most that one sum can hold: places of a round. */
  readonly maximumContributors: number;
  /**
   * How many survivors may pool what they know with the server. Default, and least: ⌊γ · `maximumContributors`⌋ for the γ of
   * the aggregation.
   */
  readonly colluders?: number;
  /** The probability, as predicted, that any coordinate of a released sum wraps around; default 1e-4. */
  readonly wrapProbability?: number;
  /** Budgets by observer, asked before a sum is opened. */
  readonly filters?: Filters;
  /** The mechanism is the codec: its grid and modulus are part of the claim. */
  readonly codec?: never;
}

const OPTIONS: OptionNames<DistributedDpOptions<never, never, never, never, never, SamplingScheme>> = {
  ...PRIVATE_OPTIONS,
  noiseStd: true,
  bits: true,
  mechanism: true,
  rotation: true,
  aggregation: true,
  minimumContributors: true,
  maximumContributors: true,
  colluders: true,
  wrapProbability: true,
  filters: true,
  codec: true,
};

const VECTOR = 'update';
/** Squared error that stochastic rounding adds to one coordinate, in grid steps: p·(1 − p) ≤ ¼. */
const ROUNDING = 0.25;

/**
 * The aggregate of a linear algorithm under distributed differential privacy.
 *
 * Guarantee: against a server that follows the mode of the secure aggregation handed in, and up to `colluders` survivors,
 * every released sum has the privacy of the mechanism's event for those who survived. Σ w and the number of survivors
 * enter nothing that is released.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by name for what has no sound meaning together; `THRESHOLD_NOT_MET` if no honest survivor
 * is left; `OVERFLOW`, `OUT_OF_RANGE` as the mechanism.
 */
export function distributedDp<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  K extends SamplingScheme = SamplingScheme,
>(options: DistributedDpOptions<S, B, C, U, R, K>): ExchangingPipeline<S, B, C, U, R> {
  const where = 'distributedDp';
  if (options.codec !== undefined) {
    refuse('INVALID_ARGUMENT', `${where}: codec`, 'nothing: the mechanism rounds and encodes', options.codec);
  }
  checkOptions(where, options, OPTIONS);
  const { algorithm, mechanism: makeNoise, rotation } = options;
  const { model, summands, form, joint, totals, besideStd } = privateSums(where, options);
  const minimumContributors = checkInteger(`${where}: minimumContributors`, options.minimumContributors, 2);
  const maximumContributors = checkInteger(
    `${where}: maximumContributors`,
    options.maximumContributors,
    minimumContributors,
  );
  const wrapProbability = checkNumber(`${where}: wrapProbability`, options.wrapProbability ?? 1e-4, 2 ** -100, 0.5);
  if (typeof makeNoise !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: mechanism`, 'skellamMechanism or distributedGaussianMechanism', makeNoise);
  }
  if (typeof rotation?.rotate !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: rotation`, 'rotation of @fedkit/compression', rotation);
  }
  const aggregation = checkAggregation(where, options.aggregation);
  const corrupt = Math.floor(aggregation.corruptFraction * maximumContributors);
  const colluders = checkInteger(`${where}: colluders`, options.colluders ?? corrupt, corrupt);
  const proven = aggregation.proven({ clients: maximumContributors, minimumClients: minimumContributors });
  const minimumHonest = Math.min(proven.honest, minimumContributors - colluders);
  const padded = rotation.paddedSize(joint.size);
  const noise = makeNoise({
    size: padded,
    clip: joint.bound,
    noiseStd: checkPositive(`${where}: noiseStd`, options.noiseStd),
    bits: options.bits,
    maximumContributors: maximumContributors,
    minimumSurvivors: minimumContributors,
    // Whoever is not certain to be honest hides nobody.
    colluders: minimumContributors - minimumHonest,
    // Coordinates of one vector: the probabilities add up to that of the vector.
    wrapProbability: wrapProbability / padded,
  });
  const accounting = new Accounting(where, options.filters, options as SelectionOptions<SamplingScheme>);
  const exchange: ExchangeTerms = {
    kind: 'distributed-dp',
    aggregation,
    minimumContributors,
    minimumHonest,
    maximumContributors,
    vectors: { [VECTOR]: { length: padded, bound: 2 ** (noise.bits - 1), bits: noise.bits, wrapProbability } },
  };
  const seedOf = (seed: Uint8Array) => sharedSeedOf(seed, VECTOR);

  function input({ seed }: Parameters, contribution: Contribution<U>, { rng }: Draw): SecureInput {
    const values = vectorsOf(`${where}.input`, contribution.values, summands);
    const weight = joint.weightOf(`${where}.input: weight`, contribution.weight);
    const rotated = rotation.rotate(joint.join(values, weight), seedOf(seed));
    return { [VECTOR]: noise.encodeIntegers(rotated, rng) };
  }

  /** As it is clipped: neither rounding nor the noise share, which later sums would carry, may enter what a client keeps. */
  function counted(_: Parameters, contribution: Contribution<U>): Update {
    const values = vectorsOf(`${where}.counted`, contribution.values, summands);
    return joint.split(joint.join(values, 1));
  }

  function conclude(
    { sums, survivors }: SecureSums,
    seed: Uint8Array,
    round: RoundFacts,
  ): Omit<Collected<R>, 'contributors'> {
    const decoded = noise.decodeSum(sums[VECTOR], { survivors: survivors.length });
    const aggregate = form.conclude(joint.split(rotation.rotateBack(decoded, seedOf(seed), joint.size)), totals);
    const widths = noise.deviations === undefined ? [] : [rmsOverSpread(sums[VECTOR], noise.bits, noise.deviations)];
    const saturation = saturationOf({ contributors: survivors.length, slots: 1, entries: padded }, widths);
    const error = Math.sqrt(ROUNDING * survivors.length) / noise.scale;
    const errors = form.conclude(joint.split(new Float32Array(joint.size).fill(error)), totals);
    // Every survivor's share is there, not only those that the claim counts.
    const shares = Math.sqrt(survivors.length / minimumHonest);
    return {
      aggregate,
      noiseStd: Object.fromEntries(Object.entries(besideStd).map(([name, std]) => [name, std * shares])),
      facts: {
        quantizationError: rootMeanSquare(errors),
        wrapProbability,
        ...(saturation && { saturation }),
        ...accounting.facts(),
        ...driftOf(algorithm, round, survivors.length, options.noiseStd / totals.contributors),
      },
    };
  }

  const server = exchangingServer<R>(exchange, {
    charge: (facts, survivors) => accounting.charge(facts, noise.event(survivors.length), survivors),
    conclude,
  });
  const halves: Halves<ExchangingPipeline<S, B, C, U, R>> = {
    algorithm,
    client: (own = exchange.aggregation) =>
      exchangingClient<U>({ ...exchange, aggregation: checkAggregation(where, own) }, { input, counted }),
    server: () => ({
      ...server,
      announce(round) {
        checkInteger(`${where}.announce: places`, round.places, minimumContributors, maximumContributors);
        return server.announce(round);
      },
    }),
  };
  return withTerms(
    {
      kind: 'distributed-dp',
      algorithm,
      model,
      options: {
        ...privateTerms(options),
        bits: noise.bits,
        mechanism: noise.event().kind,
        rotation: `${padded} values`,
        minimumContributors,
        maximumContributors,
        colluders,
        minimumHonest,
        wrapProbability,
      },
      slots: summands,
    },
    halves,
  );
}
