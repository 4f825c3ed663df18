/**
 * Sums alone: the server learns Σ over the survivors and nothing of one client's update.
 *
 *     client   x·w/W ─ codec ─▶ integers ─ masks ─▶          server   Σ integers ─ decode ─▶ Σ x·w ─▶ the rule's conclusion
 *
 * W is `maximumWeight`: a client of weight w sends (w/W)·x where its rule weighs, and w itself, an integer, exactly.
 *
 * Guarantee: that of the secure aggregation handed in. A sum over few clients, or sums that differ by one client, may still
 * tell of single ones: noise is `distributedDp`'s affair.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import type { LinearAlgorithm } from '../algorithm/contract.ts';
import { checkInteger, checkNumber, checkOptions, type OptionNames, refuse } from '../check.ts';
import type { LinearCodec, Strain } from '../codec/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { SecureAggregation, SecureInput, SecureSums, SecureVector } from '../secure/contract.ts';
import { type CodecBySlot, linearCodecsFor } from './codecs.ts';
import type { Collected, ExchangingPipeline } from './contract.ts';
import {
  checkAggregation,
  type Draw,
  type ExchangeTerms,
  exchangingClient,
  exchangingServer,
  vectorName,
} from './exchange.ts';
import { refuseMemory } from './memory.ts';
import { type ModelOptions, modelOf } from './model.ts';
import type { Parameters } from './parameters.ts';
import { rootMeanSquare } from './root-mean-square.ts';
import { rmsOverSpread, saturationOf, STRAIN, strainInput, strainVector } from './saturation.ts';
import { clientSeedOf, sharedSeedOf } from './seeds.ts';
import { checkSettling, updateOf } from './settling.ts';
import { type SummandShape, sumsOf } from './rules.ts';
import { vectorsOf } from './slots.ts';
import { type Halves, withTerms } from './terms.ts';

/** What `secureSum` is made of. */
export interface SecureSumOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends ModelOptions {
  /** One whose contributions are only summed: robust rules need single updates, which nobody has here. */
  readonly algorithm: LinearAlgorithm<S, B, C, U, R>;
  /** Integers that add: `rotated(wrapped(…))`, `commonRange(…)`. One for all slots or one for each by name. */
  readonly codec: CodecBySlot<LinearCodec>;
  /** `secureAggregation()` of `@fedkit/secagg`. */
  readonly aggregation: SecureAggregation;
  /** The fewest inputs of a sum that is opened, ≥ 2; every client insists on it. */
  readonly minimumContributors: number;
  /**
   * W, an integer in [1, 2^31): weights are integers from 1, and what is above W counts as W. Needed where the algorithm weighs
   * its clients. The codec sees values of up to w/W times an update's, so W should not be far above what clients weigh.
   */
  readonly maximumWeight?: number;
  /**
   * For codecs that wrap by design: the probability, by the codec's own argument, that any entry of one slot's sum does.
   * Needed for those.
   */
  readonly wrapProbability?: number;
  /** Momentum would have to be clipped and combined client by client: only `plainUpdates` has it. */
  readonly clientMomentum?: never;
  /** What one client's codec leaves out the server cannot see: only `plainUpdates` has it. */
  readonly errorFeedback?: never;
}

const OPTIONS: OptionNames<SecureSumOptions<never, never, never, never, never>> = {
  algorithm: true,
  layout: true,
  size: true,
  codec: true,
  aggregation: true,
  minimumContributors: true,
  maximumWeight: true,
  wrapProbability: true,
  clientMomentum: true,
  errorFeedback: true,
};

const WEIGHT = 'weight';

/**
 * The aggregate of a linear algorithm by secure aggregation.
 *
 * It is the plain aggregate up to the codec's error, which `facts.quantizationError` states, and float32 rounding; unless the
 * codec clipped or the sum wrapped, which clients count beside the sum: `facts.saturation` says so, and marks such a round.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by name for a robust rule, a codec whose encodings do not add, client momentum or error
 * feedback, a missing `maximumWeight` or `wrapProbability`; `OUT_OF_RANGE` for numbers out of range.
 */
export function secureSum<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(options: SecureSumOptions<S, B, C, U, R>): ExchangingPipeline<S, B, C, U, R> {
  const where = 'secureSum';
  checkOptions(where, options, OPTIONS);
  refuseMemory(where, options);
  const { algorithm } = options;
  const model = modelOf(where, options);
  const { summands, form } = sumsOf(where, algorithm, model.size);
  const codecs = linearCodecsFor(where, options.codec, summands, algorithm.beside);
  checkSettling(where, algorithm, summands, codecs);
  const minimumContributors = checkInteger(`${where}: minimumContributors`, options.minimumContributors, 2);
  const weighs = summands.some(({ weighted }) => weighted);
  if (weighs && options.maximumWeight === undefined) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: maximumWeight`,
      'the largest weight of a client: this algorithm weighs them, and a masked weight must be bounded',
      undefined,
    );
  }
  const maximumWeight = checkInteger(`${where}: maximumWeight`, options.maximumWeight ?? 1, 1, 2 ** 31 - 1);
  const vectors = vectorsFor(where, summands, codecs, options.wrapProbability);
  const entries = Object.values(vectors).reduce((sum, { length }) => sum + length, 0);
  const strained = codecs.some((codec) => codec.strain !== undefined);
  if (weighs) vectors[WEIGHT] = { length: 1, bound: maximumWeight };
  if (strained) vectors[STRAIN] = strainVector(summands.length, entries);
  const exchange: ExchangeTerms = {
    kind: 'secure-sum',
    aggregation: checkAggregation(where, options.aggregation),
    minimumContributors,
    vectors,
  };
  const wrapping = Object.values(vectors).reduce((sum, { wrapProbability = 0 }) => sum + wrapProbability, 0);

  /** Values of a slot as they are encoded: (w/W)·x where the rule weighs. */
  const scaledBy = (weight: number, { weighted }: SummandShape, values: Float32Array) =>
    weighted ? values.map((value) => (value * weight) / maximumWeight) : values;
  const weightOf = (contribution: Contribution<U>) =>
    weighs ? Math.min(integerWeight(where, contribution.weight), maximumWeight) : 1;

  function counted(
    { seed }: Parameters,
    contribution: Contribution<U>,
    drawn: SecureInput,
    { client }: { readonly client: ClientId },
  ): Update {
    const values = vectorsOf(`${where}.counted`, contribution.values, summands);
    const weight = weightOf(contribution);
    return updateOf(
      summands,
      summands.map((summand, i) => {
        const { name, size: expectedSize, weighted } = summand;
        const clientSeed = clientSeedOf(seed, name, client);
        const context = { sharedSeed: sharedSeedOf(seed, name), clientSeed };
        const integers = drawn[vectorName(name)];
        const own =
          codecs[i].contributed?.(scaledBy(weight, summand, values[i]), integers, context) ??
          codecs[i].decodeSum(integers, {
            contributors: 1,
            seeds: [clientSeed],
            context: { ...context, expectedSize },
          });
        return weighted ? own.map((value) => (value * maximumWeight) / weight) : own;
      }),
    );
  }

  function input({ seed }: Parameters, contribution: Contribution<U>, { rng, client }: Draw): SecureInput {
    const values = vectorsOf(`${where}.input`, contribution.values, summands);
    if (typeof client !== 'string') refuse('INVALID_ARGUMENT', `${where}.input: client`, "the client's name", client);
    const weight = weightOf(contribution);
    const strains: Strain[] = [];
    const integers = summands.map((summand, i): [string, Int32Array] => {
      const { name } = summand;
      const scaled = scaledBy(weight, summand, values[i]);
      const clientSeed = clientSeedOf(seed, name, client);
      const context = { sharedSeed: sharedSeedOf(seed, name), clientSeed, rng };
      const strain = codecs[i].strain?.(scaled, context, minimumContributors);
      if (strain) strains.push(strain);
      return [vectorName(name), codecs[i].encodeIntegers(scaled, context)];
    });
    if (weighs) integers.push([WEIGHT, Int32Array.of(weight)]);
    if (strained) integers.push([STRAIN, strainInput(strains)]);
    return Object.fromEntries(integers);
  }

  function conclude({ sums, survivors }: SecureSums, seed: Uint8Array): Omit<Collected<R>, 'contributors'> {
    const contributors = survivors.length;
    const scale = (weighted: boolean) => (weighted ? maximumWeight : 1);
    const decoded = summands.map(({ name, size: expectedSize, weighted }, i) => {
      const values = codecs[i].decodeSum(sums[vectorName(name)], {
        contributors,
        seeds: survivors.map((client) => clientSeedOf(seed, name, client)),
        context: { sharedSeed: sharedSeedOf(seed, name), expectedSize },
      });
      return [name, values.map((value) => value * scale(weighted))];
    });
    const weight = weighs ? sums[WEIGHT][0] : contributors;
    const totals = { weight, contributors };
    const aggregate = form.conclude(Object.fromEntries(decoded), totals);
    const errors = summands.map(({ name, size: length, weighted }, i) => {
      const squared = codecs[i].meanSquaredError;
      return [name, new Float32Array(length).fill(scale(weighted) * Math.sqrt(contributors * (squared ?? Number.NaN)))];
    });
    const quantizationError = rootMeanSquare(form.conclude(Object.fromEntries(errors), totals));
    const widths = summands.flatMap(({ name }, i) => {
      const { bits, deviations } = codecs[i];
      return deviations === undefined ? [] : [rmsOverSpread(sums[vectorName(name)], bits, deviations)];
    });
    const counts = strained ? sums[STRAIN] : undefined;
    const saturation = saturationOf({ counts, contributors, slots: summands.length, entries }, widths);
    return {
      aggregate,
      facts: {
        ...(saturation && { saturation }),
        ...(weighs && { weight }),
        ...(Number.isFinite(quantizationError) && { quantizationError }),
        ...(wrapping > 0 && { wrapProbability: wrapping }),
      },
    };
  }

  const halves: Halves<ExchangingPipeline<S, B, C, U, R>> = {
    algorithm,
    client: (own = exchange.aggregation) =>
      exchangingClient<U>({ ...exchange, aggregation: checkAggregation(where, own) }, { input, counted }),
    server: () => exchangingServer<R>(exchange, { conclude }),
  };
  return withTerms(
    {
      kind: 'secure-sum',
      algorithm,
      model,
      options: { minimumContributors, maximumWeight, wrapProbability: options.wrapProbability },
      slots: summands,
      codecs,
    },
    halves,
  );
}

/** The secure vectors that carry the codecs' integers. The codec says how many there are: zeros are encoded once. */
function vectorsFor(
  where: string,
  summands: readonly SummandShape[],
  codecs: readonly LinearCodec[],
  wrapProbability: number | undefined,
): Record<string, SecureVector> {
  if (wrapProbability !== undefined) checkNumber(`${where}: wrapProbability`, wrapProbability, 2 ** -100, 0.5);
  const seed = new Uint8Array(32);
  return Object.fromEntries(
    summands.map(({ name, size }, i) => {
      const { bits, bound, kind } = codecs[i];
      const { length } = codecs[i].encodeIntegers(new Float32Array(size), { sharedSeed: seed, clientSeed: seed });
      const wraps = bound >= 2 ** (bits - 1);
      if (wraps && wrapProbability === undefined) {
        refuse(
          'INVALID_ARGUMENT',
          `${where}: wrapProbability`,
          `the probability that a sum wraps around, which ${kind} lets happen by design`,
          undefined,
        );
      }
      return [vectorName(name), { length, bound, bits, ...(wraps && { wrapProbability }) } as SecureVector];
    }),
  );
}

function integerWeight(where: string, weight: number | undefined): number {
  return checkInteger(`${where}.input: weight`, weight ?? 1, 1);
}
