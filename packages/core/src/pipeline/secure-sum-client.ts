/**
 * The device's half of a secure sum: what its server has is in secure-sum.ts. It reaches no rule, no collector and no kernel of the
 * server's: a page's or phone's bundle has no use for them.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import { checkInteger, checkNumber, checkOptions, type OptionNames, refuse } from '../check.ts';
import type { LinearCodec, Strain } from '../codec/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { SecureAggregation, SecureInput, SecureVector } from '../secure/contract.ts';
import type { CodecBySlot } from './codecs.ts';
import { linearCodecsFor } from './linear-codecs.ts';
import type { ClientPipeline, ExchangingClient } from './contract.ts';
import { checkAggregation, type Draw, type ExchangeTerms, exchangingClient, vectorName } from './exchange.ts';
import { type ModelOptions, modelOf } from './model.ts';
import type { Parameters } from './parameters.ts';
import type { SlottedAlgorithm } from './plain-updates-client.ts';
import { STRAIN, strainInput, strainVector } from './saturation.ts';
import { clientSeedOf, sharedSeedOf } from './seeds.ts';
import type { SettlingAlgorithm } from './settling.ts';
import type { SummandShape } from './rules.ts';
import { slotsOf, updateOf, vectorsOf } from './slots.ts';
import { type TermValue, withTerms } from './terms.ts';

/** How sums leave a device, whatever the algorithm. */
export interface ClientSumOptions extends ModelOptions {
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
}

/** A client's half of an algorithm that says what it reports, and which of it counts by a client's weight. */
export interface SummedAlgorithm<B extends PlainData, C extends PlainData, U extends Update>
  extends SlottedAlgorithm<B, C, U> {
  /** The slots that are averaged by weight; the others are averaged or summed as they are. */
  readonly weighted: readonly (keyof U & string)[];
}

/** What `secureSumClient` is made of. */
export interface SecureSumClientOptions<B extends PlainData, C extends PlainData, U extends Update>
  extends ClientSumOptions {
  /** Such as `fedAvgClient()`. */
  readonly algorithm: SummedAlgorithm<B, C, U>;
}

/** The options of a sum on either side. @internal */
export const SUM_OPTIONS: OptionNames<SecureSumClientOptions<never, never, never>> = {
  algorithm: true,
  layout: true,
  size: true,
  codec: true,
  aggregation: true,
  minimumContributors: true,
  maximumWeight: true,
  wrapProbability: true,
};

/** The vector of weights. @internal */
export const WEIGHT = 'weight';

/**
 * The device's half of `secureSum`, whose server has the same options. Whether the codec suits what clients remember is the server's to
 * check: no client joins a server that could not be built.
 *
 * @throws FedkitError as `secureSum`.
 * @example
 * ```ts
 * import { fedAvg, secureSum, softmaxRegression } from '@fedkit/core';
 * import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
 * import { secureSumClient } from '@fedkit/core/pipeline/secure-sum-client';
 * import { commonRange } from '@fedkit/compression';
 * import { secureAggregation } from '@fedkit/secagg';
 * import { secureAggregationClient } from '@fedkit/secagg/client';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const codec = commonRange({ bits: 24, range: 4, contributors: 30 });
 * const shared = { layout, codec, minimumContributors: 20, maximumWeight: 100 };
 * const secrecy = { corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) };
 * const onServer = secureSum({ ...shared, algorithm: fedAvg(), aggregation: secureAggregation(secrecy) });
 * const onDevice = secureSumClient({ ...shared, algorithm: fedAvgClient(), aggregation: secureAggregationClient(secrecy) });
 * console.log(onDevice.digest.join() === onServer.digest.join()); // => true
 * ```
 */
export function secureSumClient<B extends PlainData, C extends PlainData, U extends Update>(
  options: SecureSumClientOptions<B, C, U>,
): ClientPipeline<B, C, U> {
  const where = 'secureSumClient';
  checkOptions(where, options, SUM_OPTIONS);
  const { algorithm } = options;
  const model = modelOf(where, options);
  const weighted: unknown = algorithm?.weighted;
  if (!Array.isArray(weighted)) {
    refuse('INVALID_ARGUMENT', `${where}: algorithm`, "a client's half such as fedAvgClient()", algorithm);
  }
  const summands = slotsOf(where, algorithm, model.size).map((slot) => ({
    ...slot,
    weighted: weighted.includes(slot.name),
  }));
  const { codecs, client, terms } = clientOfSums<U>(where, options, summands, algorithm);
  return withTerms(
    { kind: 'secure-sum', algorithm, model, options: terms, slots: summands, codecs },
    { algorithm, client },
  );
}

/** What both sides make of the options that they share, and the device's half. @internal */
export interface ClientOfSums<U extends Update> {
  readonly codecs: readonly LinearCodec[];
  readonly exchange: ExchangeTerms;
  readonly terms: Record<string, TermValue>;
  /** Whether any slot counts by weight, and whether clients count what their codecs clipped. */
  readonly weighs: boolean;
  readonly strained: boolean;
  /** Entries of all vectors of slots. */
  readonly entries: number;
  readonly maximumWeight: number;
  /** Σ over vectors. */
  readonly wrapping: number;
  readonly client: (own?: SecureAggregation) => ExchangingClient<U>;
}

/** @internal */
export function clientOfSums<U extends Update>(
  where: string,
  options: ClientSumOptions,
  summands: readonly SummandShape[],
  algorithm: SettlingAlgorithm,
): ClientOfSums<U> {
  const codecs = linearCodecsFor(where, options.codec, summands, algorithm.beside);
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

  return {
    codecs,
    exchange,
    terms: { minimumContributors, maximumWeight, wrapProbability: options.wrapProbability },
    weighs,
    strained,
    entries,
    maximumWeight,
    wrapping,
    client: (own = exchange.aggregation) =>
      exchangingClient<U>({ ...exchange, aggregation: checkAggregation(where, own) }, { input, counted }),
  };
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
